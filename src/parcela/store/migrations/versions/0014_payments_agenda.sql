-- What an account's objects share: its clock in test mode, the log of its events, and what falls due.

-- One row for each account and mode. The owner of the lease alone carries out what is due, in its order; a new
-- owner has a higher fence, and without the present one nothing is settled. Leases run by the real clock.
CREATE TABLE payments_agenda (
    tenant_id     integer NOT NULL,
    client_id     integer NOT NULL,
    is_live       boolean NOT NULL,
    clock_offset  interval NOT NULL DEFAULT '0' CHECK (clock_offset >= '0'),
    fence         bigint NOT NULL DEFAULT 0,
    leased_until  timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id, client_id, is_live),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (NOT is_live OR clock_offset = '0')
);
-- The few accounts whose clock was moved: what is due on all the others, the tasks' own index tells.
CREATE INDEX payments_agenda_moved ON payments_agenda (tenant_id, client_id, is_live) WHERE clock_offset > '0';

-- Something that happens by itself at an instant of the account's clock. `subject_id` says to what, and a
-- subject has one task of a kind at most. A task that failed is left alone until `retry_at` (real clock).
CREATE TABLE payments_task (
    tenant_id   integer NOT NULL,
    task_id     bigint GENERATED ALWAYS AS IDENTITY,
    client_id   integer NOT NULL,
    is_live     boolean NOT NULL,
    kind        text NOT NULL,
    subject_id  text NOT NULL,
    due_at      timestamptz NOT NULL,
    attempt     integer NOT NULL DEFAULT 0,
    retry_at    timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id, task_id),
    UNIQUE (tenant_id, client_id, is_live, kind, subject_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);
CREATE INDEX payments_task_due ON payments_task (tenant_id, client_id, is_live, due_at, task_id);
CREATE INDEX payments_task_next ON payments_task (due_at);

-- Events as they were told: the object as it was at that moment.
CREATE TABLE payments_event (
    tenant_id   integer NOT NULL,
    event_id    text NOT NULL,
    client_id   integer NOT NULL,
    is_live     boolean NOT NULL,
    position    bigint GENERATED ALWAYS AS IDENTITY,
    type        text NOT NULL,
    object_id   text NOT NULL,
    body        json NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);
CREATE INDEX payments_event_newest ON payments_event (tenant_id, client_id, is_live, position);
CREATE INDEX payments_event_object ON payments_event (tenant_id, client_id, is_live, object_id, position);
CREATE INDEX payments_event_created ON payments_event (tenant_id, client_id, is_live, created_at);
CREATE INDEX payments_event_type ON payments_event (tenant_id, client_id, is_live, type, position);
-- Events of the live mode are forgotten after a while.
CREATE INDEX payments_event_age ON payments_event (created_at) WHERE is_live;
