/** Sends requests with the runtime's own `fetch`, and tries again where that is safe. */

import { randomBytes } from 'node:crypto';

import { failConfiguration, failConnection, ParcelaError, readError } from './errors.js';

const VERSION = '0.1.0';
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);
const RETRIED_STATUSES = new Set([429, 500, 502, 503, 504]);

export interface RequestOptions {
  /** Your own key: the same key and the same request give the first answer again. */
  idempotencyKey?: string;
}

export interface ParcelaOptions {
  /** Else `PARCELA_SECRET_KEY` or `VINR_SECRET_KEY`. */
  secretKey?: string | undefined;
  /** Where your server is. Else `PARCELA_BASE_URL` or `VINR_BASE_URL`. */
  baseUrl?: string | undefined;
  /** `whsec_…` of a webhook endpoint. Else `PARCELA_WEBHOOK_SECRET` or `VINR_WEBHOOK_SECRET`. */
  webhookSecret?: string | undefined;
  /** The API's version by its date, else the account's own. */
  version?: string | undefined;
  /** Milliseconds until a try is given up. */
  timeoutMs?: number;
  retries?: Partial<Retries>;
}

/** How often and after what time a call is tried again. */
export interface Retries {
  count: number;
  firstWaitMs: number;
  longestWaitMs: number;
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: object | undefined;
  body?: object | undefined;
}

interface Answer {
  status: number;
  bytes: Uint8Array;
  text: string;
  retryAfter: number | undefined;
  requestId: string | undefined;
}

export class Connection {
  readonly #key: string;
  readonly #baseUrl: string;
  readonly #version: string | undefined;
  readonly #timeoutMs: number;
  readonly #retries: Retries;

  constructor(options: ParcelaOptions) {
    this.#key = options.secretKey || findSetting('SECRET_KEY') || fail('No API key: give secretKey, or set PARCELA_SECRET_KEY.');
    this.#baseUrl = checkBaseUrl(
      options.baseUrl ||
        findSetting('BASE_URL') ||
        fail(
          'No base address: Parcela is self-hosted, so say where yours is. ' +
            "Give baseUrl: 'https://…', or set PARCELA_BASE_URL.",
        ),
    );
    this.#version = options.version;
    this.#timeoutMs = options.timeoutMs ?? 40_000;
    this.#retries = { count: 2, firstWaitMs: 500, longestWaitMs: 30_000, ...options.retries };
  }

  /** The JSON object of the answer. */
  async json<T>(call: Call, options?: RequestOptions): Promise<T> {
    const answer = await this.#send(call, options);
    const value = parse(answer.text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ParcelaError(`HTTP ${answer.status} without a JSON object.`, {
        code: 'answer_unreadable',
        type: 'api_error',
        status: answer.status,
        requestId: answer.requestId,
      });
    }
    return value as T;
  }

  /** The bytes of the answer. */
  async content(call: Call): Promise<Uint8Array> {
    return (await this.#send(call)).bytes;
  }

  async #send(call: Call, options: RequestOptions = {}): Promise<Answer> {
    const url = `${this.#baseUrl}${call.path}${writeQuery(call.query)}`;
    const request = this.#prepare(call, options);
    for (let tries = 1; ; tries += 1) {
      let waitMs: number | undefined;
      try {
        const answer = await this.#fetch(url, request);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const error = readError(answer, answer.retryAfter);
        waitMs = isWorthRetrying(error) ? this.#chooseWaitMs(tries, error.retryAfter) : undefined;
        if (waitMs === undefined) throw error;
      } catch (fault) {
        if (fault instanceof ParcelaError) throw fault;
        waitMs = this.#chooseWaitMs(tries, undefined);
        if (waitMs === undefined) {
          throw failConnection(`No answer to ${call.method} ${this.#baseUrl}${call.path}: ${describe(fault)}`, fault);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  #prepare(call: Call, options: RequestOptions): RequestInit {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.#key}`,
      Accept: 'application/json',
      'User-Agent': `parcela-sdk/${VERSION} node`,
    };
    if (this.#version !== undefined) headers['Parcela-Version'] = this.#version;
    const hasBody = call.method === 'POST' || call.method === 'PATCH';
    if (hasBody) {
      headers['Content-Type'] = 'application/json';
      headers['Idempotency-Key'] = options.idempotencyKey ?? randomBytes(18).toString('base64url');
    }
    const body = hasBody ? { body: JSON.stringify(call.body ?? {}) } : {};
    // A redirect would carry the key to an address that nobody configured.
    return { method: call.method, headers, redirect: 'manual', ...body };
  }

  async #fetch(url: string, request: RequestInit): Promise<Answer> {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(this.#timeoutMs) });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      status: response.status,
      bytes,
      text: new TextDecoder().decode(bytes),
      retryAfter: readRetryAfter(response.headers.get('retry-after')),
      requestId: response.headers.get('request-id') ?? undefined,
    };
  }

  /** Each wait is drawn from half of the longest to all of it; undefined where no try follows. */
  #chooseWaitMs(triesMade: number, retryAfterS: number | undefined): number | undefined {
    const { count, firstWaitMs, longestWaitMs } = this.#retries;
    if (triesMade > count) return undefined;
    if (retryAfterS !== undefined) {
      return retryAfterS * 1000 <= longestWaitMs ? retryAfterS * 1000 + Math.random() * 100 : undefined;
    }
    const longest = Math.min(firstWaitMs * 2 ** (triesMade - 1), longestWaitMs);
    return longest / 2 + (Math.random() * longest) / 2;
  }
}

/** An id as one segment of a path, whatever it holds. */
export function quoteSegment(id: string): string {
  if (typeof id !== 'string' || id === '' || id === '.' || id === '..') {
    throw new TypeError(`an id must be a text that is not empty, not ${JSON.stringify(id)}`);
  }
  return encodeURIComponent(id);
}

/** A setting of the environment, under our name or that of VINR. */
export function findSetting(name: string): string | undefined {
  return process.env[`PARCELA_${name}`] || process.env[`VINR_${name}`] || undefined;
}

function fail(message: string): never {
  throw failConfiguration(message);
}

/** The address without a slash at its end; a key is not sent over plain HTTP but to this machine. */
function checkBaseUrl(text: string): string {
  let place: URL;
  try {
    place = new URL(text);
  } catch {
    return fail(`The base address '${text}' is no http or https address.`);
  }
  if (place.protocol !== 'https:' && place.protocol !== 'http:') {
    return fail(`The base address '${text}' is no http or https address.`);
  }
  if (place.protocol === 'http:' && !LOCAL_HOSTS.has(place.hostname)) {
    return fail(`The base address '${text}' must be https: plain http is for this machine only.`);
  }
  return text.replace(/\/+$/, '').replace(/\/v1$/, '');
}

const PAGING: Record<string, string> = { startingAfter: 'starting_after', endingBefore: 'ending_before' };

function writeQuery(query: object | undefined): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null) continue;
    if (typeof value === 'object') {
      for (const [bound, inner] of Object.entries(value as object)) {
        if (inner !== undefined) pairs.push(`${name}[${bound}]=${encodeURIComponent(String(inner))}`);
      }
    } else {
      pairs.push(`${PAGING[name] ?? encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
    }
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function isWorthRetrying(error: ParcelaError): boolean {
  return RETRIED_STATUSES.has(error.status ?? 0) || (error.status === 409 && error.code === 'idempotency_in_progress');
}

function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : Math.max(0, Math.round((instant - Date.now()) / 1000));
}

function describe(fault: unknown): string {
  const cause = fault instanceof Error && fault.cause instanceof Error ? fault.cause : fault;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
