/** Methods of the payments API. Written by `python -m clients.typescript.generate`; do not edit. */

import { type Connection, quoteSegment, type RequestOptions } from './connection.js';
import { List, PlanList } from './lists.js';
import type { Answer, Body, Item, Query } from './types.js';

/** Payments, with or without installments. */
export class Payments {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Create a payment; without a payment method it has a `checkoutUrl` for the shopper. */
  create(params: Body<'/v1/payments', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/payments', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/payments', body: params }, options);
  }

  /** The payment as it is now. */
  retrieve(id: string): Promise<Answer<'/v1/payments/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/payments/${quoteSegment(id)}` });
  }

  /** Payments, newest first. */
  list(params?: Query<'/v1/payments', 'get'>): List<Item<'/v1/payments'>> {
    return new List({ method: 'GET', path: '/v1/payments', query: params }, this.#connection);
  }

  /** Pay a pending payment with a payment method and, if wished, a plan. */
  confirm(id: string, params: Body<'/v1/payments/{id}/confirm', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/payments/{id}/confirm', 'post'>> {
    return this.#connection.json({ method: 'POST', path: `/v1/payments/${quoteSegment(id)}/confirm`, body: params }, options);
  }

  /** Take the authorized amount, or a part and release the rest. */
  capture(id: string, params: Body<'/v1/payments/{id}/capture', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/payments/{id}/capture', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: `/v1/payments/${quoteSegment(id)}/capture`, body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }

  /** Stop a payment that is not captured, and its plan. */
  cancel(id: string, params: Body<'/v1/payments/{id}/cancel', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/payments/{id}/cancel', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: `/v1/payments/${quoteSegment(id)}/cancel`, body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }
}

/** Cards that can be charged. */
export class PaymentMethods {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Keep a card; its number is taken from a publishable key only. */
  create(params: Body<'/v1/payment-methods', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/payment-methods', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/payment-methods', body: params }, options);
  }

  /** The payment method, without the number. */
  retrieve(id: string): Promise<Answer<'/v1/payment-methods/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/payment-methods/${quoteSegment(id)}` });
  }
}

/** People who pay again. */
export class Customers {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Keep a customer. */
  create(params: Body<'/v1/customers', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/customers', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: '/v1/customers', body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }

  /** The customer. */
  retrieve(id: string): Promise<Answer<'/v1/customers/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/customers/${quoteSegment(id)}` });
  }
}

/** Plans that a shopper can choose from. */
export class Installments {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The plans of a pending payment and a payment method, in the order to show them in. */
  listPlans(params: Query<'/v1/installments/plans', 'get'>): Promise<PlanList<Item<'/v1/installments/plans'>, Answer<'/v1/installments/plans', 'get'>['unavailableReasons'][number]>> {
    return this.#connection.json<Answer<'/v1/installments/plans', 'get'>>({ method: 'GET', path: '/v1/installments/plans', query: params }).then((found) => PlanList.read(found));
  }

  /** An accepted plan as it is now. */
  retrievePlan(id: string): Promise<Answer<'/v1/installments/plans/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/installments/plans/${quoteSegment(id)}` });
  }

  /** What was shown and accepted, byte for byte as it is kept for proof. */
  downloadPlanEvidence(id: string): Promise<Uint8Array> {
    return this.#connection.content({ method: 'GET', path: `/v1/installments/plans/${quoteSegment(id)}/evidence` });
  }
}

/** Money given back. */
export class Refunds {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What a refund would do to the plan, the shopper and the fees; changes nothing. */
  preview(params: Body<'/v1/refunds/preview', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/refunds/preview', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/refunds/preview', body: params }, options);
  }

  /** Give money back: all that is left, or `amount`. */
  create(params: Body<'/v1/refunds', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/refunds', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/refunds', body: params }, options);
  }

  /** The refund as it is now. */
  retrieve(id: string): Promise<Answer<'/v1/refunds/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/refunds/${quoteSegment(id)}` });
  }

  /** Refunds, newest first. */
  list(params?: Query<'/v1/refunds', 'get'>): List<Item<'/v1/refunds'>> {
    return new List({ method: 'GET', path: '/v1/refunds', query: params }, this.#connection);
  }

  /** Replace the refund's metadata. */
  update(id: string, params: Body<'/v1/refunds/{id}', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/refunds/{id}', 'post'>> {
    return this.#connection.json({ method: 'POST', path: `/v1/refunds/${quoteSegment(id)}`, body: params }, options);
  }

  /** Withdraw a refund that is not sent yet. */
  cancel(id: string, options?: RequestOptions): Promise<Answer<'/v1/refunds/{id}/cancel', 'post'>> {
    return this.#connection.json({ method: 'POST', path: `/v1/refunds/${quoteSegment(id)}/cancel` }, options);
  }
}

/** What the merchant gets, period by period. */
export class Settlements {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Settlements, newest first. */
  list(params?: Query<'/v1/settlements', 'get'>): List<Item<'/v1/settlements'>> {
    return new List({ method: 'GET', path: '/v1/settlements', query: params }, this.#connection);
  }

  /** The settlement as it is now. */
  retrieve(id: string): Promise<Answer<'/v1/settlements/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/settlements/${quoteSegment(id)}` });
  }

  /** The balance transactions of a settlement. */
  listTransactions(id: string, params?: Query<'/v1/settlements/{id}/transactions', 'get'>): List<Item<'/v1/settlements/{id}/transactions'>> {
    return new List({ method: 'GET', path: `/v1/settlements/${quoteSegment(id)}/transactions`, query: params }, this.#connection);
  }
}

/** What changed the merchant's balance. */
export class BalanceTransactions {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Balance transactions, newest first. */
  list(params?: Query<'/v1/balance-transactions', 'get'>): List<Item<'/v1/balance-transactions'>> {
    return new List({ method: 'GET', path: '/v1/balance-transactions', query: params }, this.#connection);
  }
}

/** Files for the books. */
export class Reports {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Order a reconciliation report. */
  create(params: Body<'/v1/reports', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/reports', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/reports', body: params }, options);
  }

  /** Reports, newest first. */
  list(params?: Query<'/v1/reports', 'get'>): List<Item<'/v1/reports'>> {
    return new List({ method: 'GET', path: '/v1/reports', query: params }, this.#connection);
  }

  /** The report as it is now. */
  retrieve(id: string): Promise<Answer<'/v1/reports/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/reports/${quoteSegment(id)}` });
  }

  /** The file of a report that succeeded. */
  download(id: string): Promise<Uint8Array> {
    return this.#connection.content({ method: 'GET', path: `/v1/reports/${quoteSegment(id)}/content` });
  }
}

/** What happened. */
export class Events {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Events, newest first. */
  list(params?: Query<'/v1/events', 'get'>): List<Item<'/v1/events'>> {
    return new List({ method: 'GET', path: '/v1/events', query: params }, this.#connection);
  }

  /** The event, with the object as it was then. */
  retrieve(id: string): Promise<Answer<'/v1/events/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/events/${quoteSegment(id)}` });
  }

  /** Send the event to the webhook endpoints again, under the same id. */
  resend(id: string, params: Body<'/v1/events/{id}/resend', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/events/{id}/resend', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: `/v1/events/${quoteSegment(id)}/resend`, body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }
}

/** Addresses that events are sent to. */
export class WebhookEndpoints {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Add an endpoint; its `secret` is told this once. */
  create(params: Body<'/v1/webhook-endpoints', 'post'>, options?: RequestOptions): Promise<Answer<'/v1/webhook-endpoints', 'post'>> {
    return this.#connection.json({ method: 'POST', path: '/v1/webhook-endpoints', body: params }, options);
  }

  /** Endpoints, newest first. */
  list(params?: Query<'/v1/webhook-endpoints', 'get'>): List<Item<'/v1/webhook-endpoints'>> {
    return new List({ method: 'GET', path: '/v1/webhook-endpoints', query: params }, this.#connection);
  }

  /** The endpoint. */
  retrieve(id: string): Promise<Answer<'/v1/webhook-endpoints/{id}', 'get'>> {
    return this.#connection.json({ method: 'GET', path: `/v1/webhook-endpoints/${quoteSegment(id)}` });
  }

  /** Change address, events or status. */
  update(id: string, params: Body<'/v1/webhook-endpoints/{id}', 'patch'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/webhook-endpoints/{id}', 'patch'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'PATCH', path: `/v1/webhook-endpoints/${quoteSegment(id)}`, body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }

  /** Remove the endpoint. */
  delete(id: string): Promise<Answer<'/v1/webhook-endpoints/{id}', 'delete'>> {
    return this.#connection.json({ method: 'DELETE', path: `/v1/webhook-endpoints/${quoteSegment(id)}` });
  }

  /** Make a new secret; the old one signs too until the overlap ends. */
  rollSecret(id: string, params: Body<'/v1/webhook-endpoints/{id}/roll-secret', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/webhook-endpoints/{id}/roll-secret', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: `/v1/webhook-endpoints/${quoteSegment(id)}/roll-secret`, body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }

  /** The tries to reach the endpoint, newest first. */
  listDeliveries(id: string, params?: Query<'/v1/webhook-endpoints/{id}/deliveries', 'get'>): List<Item<'/v1/webhook-endpoints/{id}/deliveries'>> {
    return new List({ method: 'GET', path: `/v1/webhook-endpoints/${quoteSegment(id)}/deliveries`, query: params }, this.#connection);
  }
}

/** The clock of a test account. */
export class TestClock {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What time it is there. */
  retrieve(): Promise<Answer<'/v1/test/clock', 'get'>> {
    return this.#connection.json({ method: 'GET', path: '/v1/test/clock' });
  }

  /** Go forward; everything due happens in its order. */
  advance(params: Body<'/v1/test/clock/advance', 'post'> & RequestOptions = {}, options?: RequestOptions): Promise<Answer<'/v1/test/clock/advance', 'post'>> {
    const { idempotencyKey, ...body } = params;
    return this.#connection.json({ method: 'POST', path: '/v1/test/clock/advance', body }, { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options });
  }
}

/** What a client has attributes for. */
export class Resources {
  readonly payments: Payments;
  readonly paymentMethods: PaymentMethods;
  readonly customers: Customers;
  readonly installments: Installments;
  readonly refunds: Refunds;
  readonly settlements: Settlements;
  readonly balanceTransactions: BalanceTransactions;
  readonly reports: Reports;
  readonly events: Events;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly testClock: TestClock;

  constructor(connection: Connection) {
    this.payments = new Payments(connection);
    this.paymentMethods = new PaymentMethods(connection);
    this.customers = new Customers(connection);
    this.installments = new Installments(connection);
    this.refunds = new Refunds(connection);
    this.settlements = new Settlements(connection);
    this.balanceTransactions = new BalanceTransactions(connection);
    this.reports = new Reports(connection);
    this.events = new Events(connection);
    this.webhookEndpoints = new WebhookEndpoints(connection);
    this.testClock = new TestClock(connection);
  }
}
