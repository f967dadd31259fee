-- Delivery of letters: attempts, lanes and leases.

-- A letter knows its lane (where it goes) and where it stands on the ladder of tries. `flight_fence` is set
-- while a try is under way: the fence of the lane's owner, without which no outcome is accepted.
ALTER TABLE letter
    DROP CONSTRAINT letter_status_check,
    DROP CONSTRAINT letter_tenant_id_kind_subject_id_key,
    ADD CHECK (status IN ('due', 'parked', 'delivered')),
    -- The subject comes first: the hot question is "what else is there for this plan".
    ADD UNIQUE (tenant_id, subject_id, kind),
    ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN lane text,
    ADD COLUMN ladder_anchor_at timestamptz,
    ADD COLUMN ladder_step integer NOT NULL DEFAULT 0 CHECK (ladder_step >= 0),
    ADD COLUMN render_failures smallint NOT NULL DEFAULT 0 CHECK (render_failures >= 0),
    ADD COLUMN attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    ADD COLUMN flight_fence bigint,
    ADD COLUMN parked_code text,
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN flag text,
    ADD COLUMN replays integer NOT NULL DEFAULT 0 CHECK (replays >= 0),
    ADD COLUMN waiting_since timestamptz,
    ADD COLUMN alarm_hours smallint NOT NULL DEFAULT 0,
    ADD COLUMN shown_digest bytea;

UPDATE letter SET lane = provider_id::text, ladder_anchor_at = created_at, waiting_since = created_at,
    parked_code = CASE WHEN status = 'parked' THEN 'no_destination' END;

ALTER TABLE letter
    ALTER COLUMN lane SET NOT NULL,
    ALTER COLUMN ladder_anchor_at SET NOT NULL,
    ALTER COLUMN waiting_since SET NOT NULL,
    ADD CONSTRAINT letter_parked_code CHECK ((status = 'parked') = (parked_code IS NOT NULL)),
    ADD CONSTRAINT letter_delivered_at CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)),
    ADD CONSTRAINT letter_flag CHECK (flag IS NULL OR status = 'delivered'),
    ADD CONSTRAINT letter_in_flight CHECK (flight_fence IS NULL OR status = 'due'),
    -- Two updates for each try: with room in the page they need no index entries.
    SET (fillfactor = 70);

DROP INDEX letter_due;
CREATE INDEX letter_due ON letter (tenant_id, lane, next_attempt_at, position) WHERE status = 'due';
CREATE INDEX letter_held ON letter (tenant_id, lane, position)
    WHERE status = 'parked' AND parked_code IN ('no_destination', 'notifications_off');
CREATE INDEX letter_waiting ON letter (waiting_since) WHERE status <> 'delivered';
CREATE INDEX letter_newest ON letter (tenant_id, created_at, position);

-- The owner alone sends to a lane, until its lease ends by the database's real clock. Every new owner has
-- a higher fence.
CREATE TABLE delivery_lane (
    tenant_id    integer NOT NULL REFERENCES tenant,
    lane         text NOT NULL,
    owner        uuid,
    fence        bigint NOT NULL CHECK (fence > 0),
    lease_until  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, lane)
);

-- Every try of every letter. What was sent is kept with card number, signature and sealed member cut, and
-- only where it differs from the try before.
CREATE TABLE delivery_attempt (
    tenant_id         integer NOT NULL,
    letter_id         uuid NOT NULL,
    number            integer NOT NULL CHECK (number > 0),
    fence             bigint NOT NULL,
    outcome           text NOT NULL DEFAULT 'started' CHECK (outcome IN
        ('started', 'delivered', 'refused', 'failed', 'not_rendered', 'unknown')),
    scheduled_at      timestamptz NOT NULL,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    duration_ms       integer CHECK (duration_ms >= 0),
    http_status       smallint,
    failure_kind      text,
    detail            text,
    request_url       text,
    request_headers   text,
    request_body      text,
    answer            text CHECK (length(answer) <= 2048),
    decision          text CHECK (decision IN ('delivered', 'retry', 'parked')),
    reason            text,
    next_attempt_at   timestamptz,
    PRIMARY KEY (tenant_id, letter_id, number),
    FOREIGN KEY (tenant_id, letter_id) REFERENCES letter,
    CONSTRAINT delivery_attempt_finished CHECK ((outcome = 'started') = (finished_at IS NULL)),
    CONSTRAINT delivery_attempt_decided CHECK ((outcome = 'started') = (decision IS NULL)),
    CONSTRAINT delivery_attempt_next CHECK ((decision IS NOT DISTINCT FROM 'retry') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT delivery_attempt_status CHECK (outcome NOT IN ('delivered', 'refused') OR http_status IS NOT NULL)
);
-- What was sent and answered stays in the row: compressing and moving it costs more than the pages it takes.
ALTER TABLE delivery_attempt ALTER COLUMN request_body SET STORAGE MAIN,
    ALTER COLUMN request_headers SET STORAGE MAIN, ALTER COLUMN answer SET STORAGE MAIN,
    SET (toast_tuple_target = 8160);

-- Was the issuer to be told of this plan? Set by the statement that makes the plan.
ALTER TABLE plan ADD COLUMN is_notified boolean NOT NULL DEFAULT false;
UPDATE plan SET is_notified = true
WHERE EXISTS (SELECT FROM letter l WHERE (l.tenant_id, l.subject_id) = (plan.tenant_id, plan.plan_id));

-- Invariant 33: delivered + parked + due = created, for every issuer, always.
CREATE VIEW delivery_balance AS
SELECT tenant_id, provider_id, count(*) AS created,
    count(*) FILTER (WHERE status = 'delivered') AS delivered,
    count(*) FILTER (WHERE status = 'parked') AS parked,
    count(*) FILTER (WHERE status = 'due') AS due
FROM letter GROUP BY tenant_id, provider_id;

-- States that must not be: always empty.
CREATE VIEW broken_delivery AS
SELECT l.tenant_id, l.letter_id AS record_id, what
FROM letter l
LEFT JOIN LATERAL (
    SELECT count(*) AS rows, coalesce(max(number), 0) AS last,
        count(*) FILTER (WHERE outcome = 'started') AS started,
        count(*) FILTER (WHERE outcome = 'started' AND fence = l.flight_fence AND number = l.attempts) AS own,
        count(*) FILTER (WHERE outcome = 'delivered') AS delivered
    FROM delivery_attempt a WHERE a.tenant_id = l.tenant_id AND a.letter_id = l.letter_id
) a ON true
LEFT JOIN delivery_lane d ON d.tenant_id = l.tenant_id AND d.lane = l.lane
CROSS JOIN LATERAL (VALUES
    (a.rows <> l.attempts OR a.last <> l.attempts, 'attempts are missing'),
    (a.started <> (l.flight_fence IS NOT NULL)::integer OR a.own <> a.started, 'a try is under way unowned'),
    (l.flight_fence IS NOT NULL AND l.flight_fence > coalesce(d.fence, 0), 'a fence from the future'),
    (l.status = 'delivered' AND a.delivered = 0, 'delivered without a delivery'),
    (a.delivered > l.replays + 1, 'delivered twice without a replay')
) AS test (is_broken, what)
WHERE is_broken
UNION ALL
SELECT p.tenant_id, p.plan_id, 'a plan of a notified issuer has no letter'
FROM plan p WHERE p.is_notified
    AND NOT EXISTS (SELECT FROM letter l
        WHERE l.tenant_id = p.tenant_id AND l.subject_id = p.plan_id AND l.kind = 'network.plan_notification')
UNION ALL
SELECT l.tenant_id, l.letter_id, 'a letter speaks of no plan'
FROM letter l WHERE l.kind = 'network.plan_notification'
    AND NOT EXISTS (SELECT FROM plan p
        WHERE p.tenant_id = l.tenant_id AND p.plan_id = l.subject_id AND p.is_notified);
