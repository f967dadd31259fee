/** Lists: a page at a time, or all of it with `for await`. */

import type { Call, Connection } from './connection.js';

interface Envelope<T> {
  data: T[];
  page?: { has_more?: boolean; next_cursor?: string | null; total_estimate?: number | null };
}

interface Paging {
  startingAfter?: string;
  endingBefore?: string;
}

/** One page of a list, newest first; iterating goes on through all pages that follow. */
export class Page<T> implements AsyncIterable<T> {
  readonly data: T[];
  readonly hasMore: boolean;
  readonly nextCursor: string | null;
  readonly totalEstimate: number | null;
  readonly #call: Call;
  readonly #connection: Connection;

  constructor(envelope: Envelope<T>, call: Call, connection: Connection) {
    this.data = envelope.data;
    this.hasMore = envelope.page?.has_more ?? false;
    this.nextCursor = envelope.page?.next_cursor ?? null;
    this.totalEstimate = envelope.page?.total_estimate ?? null;
    this.#call = call;
    this.#connection = connection;
  }

  /** The page that follows; null after the last one. */
  async nextPage(): Promise<Page<T> | null> {
    const following = this.#findNextQuery();
    return following === null ? null : fetchPage<T>({ ...this.#call, query: following }, this.#connection);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (let page: Page<T> | null = this; page !== null; page = await page.nextPage()) {
      // `endingBefore` travels from old to new.
      yield* page.#isBackward() ? [...page.data].reverse() : page.data;
    }
  }

  #isBackward(): boolean {
    return (this.#call.query as Paging | undefined)?.endingBefore !== undefined;
  }

  #findNextQuery(): object | null {
    if (!this.hasMore || this.data.length === 0) return null;
    if (this.#isBackward()) return { ...this.#call.query, endingBefore: nameItem(this.data[0]) };
    return { ...this.#call.query, startingAfter: this.nextCursor ?? nameItem(this.data.at(-1)) };
  }
}

/** A list that is fetched when it is wanted: `await` gives its first page, `for await` every item. */
export class List<T> implements AsyncIterable<T>, PromiseLike<Page<T>> {
  readonly #call: Call;
  readonly #connection: Connection;

  constructor(call: Call, connection: Connection) {
    this.#call = call;
    this.#connection = connection;
  }

  then<A = Page<T>, B = never>(
    onPage?: ((page: Page<T>) => A | PromiseLike<A>) | null,
    onFault?: ((fault: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return fetchPage<T>(this.#call, this.#connection).then(onPage, onFault);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    yield* await fetchPage<T>(this.#call, this.#connection);
  }
}

/** Plans in the order in which they must be shown; an empty list says why in `unavailableReasons`. */
export class PlanList<T, R> extends Array<T> {
  unavailableReasons: R[] = [];

  /** Arrays made of this one, such as by `map`, are plain. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static read<T, R>(envelope: { data: T[]; unavailableReasons?: R[] }): PlanList<T, R> {
    const plans = new PlanList<T, R>();
    plans.push(...envelope.data);
    plans.unavailableReasons = envelope.unavailableReasons ?? [];
    return plans;
  }
}

async function fetchPage<T>(call: Call, connection: Connection): Promise<Page<T>> {
  return new Page<T>(await connection.json<Envelope<T>>(call), call, connection);
}

function nameItem(item: unknown): string {
  return (item as { id: string }).id;
}
