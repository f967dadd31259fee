/** Types of requests and answers, looked up in the schema that `openapi-typescript` wrote. */

import type { paths } from './schema.js';

type Verb = 'get' | 'post' | 'patch' | 'delete';
type Operation<P extends keyof paths, V extends Verb> = paths[P][V];

/** The JSON object of a success. */
export type Answer<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { responses: infer R } ? Content<R[keyof R & (200 | 201)]> : never;

/** The members of a request's body. */
export type Body<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { requestBody?: infer R } ? Content<NonNullable<R>> : never;

/** The members of a request's query: ranges as objects, paging in camelCase. */
export type Query<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { parameters: { query?: infer Q } } ? Named<NonNullable<Q>> : never;

/** An item of a list. */
export type Item<P extends keyof paths> =
  Answer<P, 'get'> extends { data: readonly (infer T)[] } ? T : never;

/** Instants in Unix seconds: from `gte` on, before `lt`. */
export interface Range {
  gte?: number;
  lt?: number;
}

type Content<T> = T extends { content: { 'application/json': infer C } } ? C : never;

type Named<Q> = {
  [K in keyof Q as K extends `${string}[${string}]`
    ? never
    : K extends 'starting_after'
      ? 'startingAfter'
      : K extends 'ending_before'
        ? 'endingBefore'
        : K]: Q[K];
} & (Extract<keyof Q, `created[${string}]`> extends never ? unknown : { created?: Range });
