/** Letters that the server sent: proved, then read (`spec/payments.md` §11.3). */

import { createHmac, timingSafeEqual } from 'node:crypto';

import { findSetting } from './connection.js';
import { failConfiguration, refuseWebhook } from './errors.js';

const TOLERANCE_S = 300;
const SECRET_START = 'whsec_';

/** The body exactly as it was received. */
export type RawBody = string | Uint8Array | ArrayBuffer;

/** Headers of `fetch`, of Node, or a plain object. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined>;

export interface WebhookEvent {
  id: string;
  type: string;
  created: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: { object: any };
}

interface Proof {
  body: Buffer;
  secret: string;
  id: string;
  /** The texts of the two headers, each a list separated by spaces. */
  standard: string;
  plain: string;
  stamps: { standard: string | undefined; plain: string | undefined };
}

export class Webhooks {
  readonly #secret: string | undefined;
  readonly #nowMs: () => number;

  constructor(secret?: string | undefined, nowMs: () => number = Date.now) {
    this.#secret = secret;
    this.#nowMs = nowMs;
  }

  /**
   * The event of a genuine letter; throws `ParcelaError` with code `webhook_refused` otherwise.
   *
   * `signature` is the text of `X-Vinr-Signature` or of `webhook-signature`, or all headers. The third argument is
   * the letter's timestamp, or the secret if it begins with `whsec_`; without a timestamp, one within five minutes
   * of now is looked for: a signature of that instant proves as much as a header that names it.
   */
  constructEvent(
    body: RawBody,
    signature: string | string[] | HeaderSource,
    timestampOrSecret?: string | number | null,
    secret?: string,
  ): WebhookEvent {
    const isSecret = typeof timestampOrSecret === 'string' && timestampOrSecret.startsWith(SECRET_START);
    const timestamp = isSecret || timestampOrSecret == null ? undefined : String(timestampOrSecret);
    const found =
      (isSecret ? timestampOrSecret : secret) ?? this.#secret ?? findSetting('WEBHOOK_SECRET');
    if (!found) {
      throw failConfiguration('No webhook secret: give webhookSecret, or set PARCELA_WEBHOOK_SECRET.');
    }
    const raw = readBody(body);
    const event = parse(raw);
    const proof = readProof(raw, event, signature, timestamp, found);
    prove(proof, Math.floor(this.#nowMs() / 1000));
    if (event === undefined) throw refuseWebhook('The letter is signed, but its body is no JSON object.');
    return event;
  }

  /** The same by another name. */
  verify(body: RawBody, signature: string | string[] | HeaderSource, secret?: string): WebhookEvent {
    return this.constructEvent(body, signature, undefined, secret);
  }
}

function readBody(body: RawBody): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw refuseWebhook('The body must be the text or the bytes as received, not an object parsed from them.');
}

function parse(raw: Buffer): WebhookEvent | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as WebhookEvent) : undefined;
  } catch {
    return undefined;
  }
}

function readProof(
  body: Buffer,
  event: WebhookEvent | undefined,
  signature: string | string[] | HeaderSource,
  timestamp: string | undefined,
  secret: string,
): Proof {
  if (typeof signature === 'string' || Array.isArray(signature)) {
    const text = typeof signature === 'string' ? signature : signature.join(' ');
    const id = typeof event?.id === 'string' ? event.id : '';
    return { body, secret, id, standard: text, plain: text, stamps: { standard: timestamp, plain: timestamp } };
  }
  if (typeof signature !== 'object' || signature === null) {
    throw refuseWebhook('The letter has no signature.');
  }
  const read = (name: string): string => readHeader(signature, name);
  return {
    body,
    secret,
    id: read('webhook-id'),
    standard: read('webhook-signature'),
    plain: read('x-vinr-signature'),
    stamps: {
      standard: timestamp ?? read('webhook-timestamp'),
      plain: timestamp ?? read('x-vinr-timestamp'),
    },
  };
}

function readHeader(source: HeaderSource, name: string): string {
  if (typeof (source as Headers).get === 'function') return (source as Headers).get(name) ?? '';
  for (const [given, value] of Object.entries(source as Record<string, string | string[] | undefined>)) {
    if (given.toLowerCase() === name) return Array.isArray(value) ? value.join(' ') : (value ?? '');
  }
  return '';
}

/** Throws unless one of the two signatures is the secret's and the letter is fresh. */
function prove(proof: Proof, nowS: number): void {
  const makers = { standard: makeStandard(proof), plain: makePlain(proof) };
  let isStale = false;
  for (const scheme of ['standard', 'plain'] as const) {
    const given = listSignatures(proof[scheme], scheme);
    if (given.length === 0) continue;
    const stamp = proof.stamps[scheme];
    const stamps = stamp === undefined ? listStamps(nowS) : [stamp];
    for (const candidate of stamps) {
      const wanted = makers[scheme](candidate);
      if (!given.some((signature) => isSame(signature, wanted))) continue;
      if (/^\d{1,12}$/.test(candidate) && Math.abs(nowS - Number(candidate)) <= TOLERANCE_S) return;
      isStale = true;
    }
  }
  if (isStale) throw refuseWebhook(`The letter is more than ${TOLERANCE_S} seconds old, or from the future.`);
  throw refuseWebhook("No signature of this secret: the body was changed, or the secret is another endpoint's.");
}

function listSignatures(text: string, scheme: 'standard' | 'plain'): string[] {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (scheme === 'standard') return parts.filter((part) => part.startsWith('v1,')).map((part) => part.slice(3));
  return parts.filter((part) => /^[0-9a-f]{64}$/.test(part));
}

/** Every second that is tolerated, the nearest first. */
function listStamps(nowS: number): string[] {
  const stamps = [String(nowS)];
  for (let distance = 1; distance <= TOLERANCE_S; distance += 1) {
    stamps.push(String(nowS - distance), String(nowS + distance));
  }
  return stamps;
}

function makeStandard({ body, id, secret }: Proof): (stamp: string) => string {
  const key = decodeSecret(secret);
  return (stamp) => createHmac('sha256', key).update(`${id}.${stamp}.`).update(body).digest('base64');
}

function makePlain({ body, secret }: Proof): (stamp: string) => string {
  return (stamp) => createHmac('sha256', secret).update(`${stamp}.`).update(body).digest('hex');
}

function decodeSecret(secret: string): Buffer {
  const text = secret.startsWith(SECRET_START) ? secret.slice(SECRET_START.length) : secret;
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw failConfiguration('The webhook secret is damaged: it is `whsec_` and base64.');
  }
  return key;
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
