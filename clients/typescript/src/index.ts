/** `import { Parcela } from '@parcela/sdk'`; under the names `Vinr` and `VinrError` too, for code written for VINR. */

export type { ParcelaOptions, RequestOptions, Retries } from './connection.js';
export { ParcelaError, ParcelaError as VinrError } from './errors.js';
export { List, Page, PlanList } from './lists.js';
export { Parcela, Parcela as Vinr } from './parcela.js';
export type { components, paths } from './schema.js';
export type { Answer, Body, Item, Query, Range } from './types.js';
export { type HeaderSource, type RawBody, type WebhookEvent, Webhooks } from './webhooks.js';
