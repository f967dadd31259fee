/** What a call can throw: `ParcelaError`, which is `VinrError` too; branch on `code`. */

export interface ErrorMembers {
  code: string;
  type: string;
  status?: number | undefined;
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  details?: Record<string, unknown> | undefined;
  param?: string | undefined;
  declineCode?: string | undefined;
  resource?: string | undefined;
  docUrl?: string | undefined;
}

export class ParcelaError extends Error {
  override readonly name: string = 'ParcelaError';
  readonly code: string;
  readonly type: string;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Seconds to wait before the next try, where the server said so. */
  readonly retryAfter: number | undefined;
  readonly details: Record<string, unknown> | undefined;
  readonly param: string | undefined;
  readonly declineCode: string | undefined;
  readonly resource: string | undefined;
  readonly docUrl: string | undefined;

  constructor(message: string, members: ErrorMembers, options?: { cause?: unknown }) {
    super(message, options);
    this.code = members.code;
    this.type = members.type;
    this.status = members.status;
    this.requestId = members.requestId;
    this.retryAfter = members.retryAfter;
    this.details = members.details;
    this.param = members.param;
    this.declineCode = members.declineCode;
    this.resource = members.resource;
    this.docUrl = members.docUrl;
  }
}

/** No answer came: the server may have done the work, so repeat with the same idempotency key. */
export function failConnection(message: string, cause: unknown): ParcelaError {
  return new ParcelaError(message, { code: 'connection_failed', type: 'connection_error' }, { cause });
}

/** The client lacks something that it cannot guess. */
export function failConfiguration(message: string): ParcelaError {
  return new ParcelaError(message, { code: 'not_configured', type: 'configuration_error' });
}

/** The letter does not come from the holder of the secret, was changed, or is too old. */
export function refuseWebhook(message: string): ParcelaError {
  return new ParcelaError(message, { code: 'webhook_refused', type: 'signature_error' });
}

/** The error that an answer tells, also one that something between made. */
export function readError(
  answer: { status: number; text: string; requestId?: string | undefined },
  retryAfter: number | undefined,
): ParcelaError {
  const told = parse(answer.text);
  const { status } = answer;
  if (told === undefined) {
    return new ParcelaError(`HTTP ${status} with a body that is no error of this API.`, {
      code: 'answer_unreadable',
      type: 'api_error',
      status,
      requestId: answer.requestId,
      retryAfter,
    });
  }
  return new ParcelaError(String(told.message ?? ''), {
    code: String(told.code ?? 'unknown'),
    type: String(told.type ?? 'api_error'),
    status,
    requestId: (told.request_id as string | undefined) ?? answer.requestId,
    retryAfter,
    details: (told.details as Record<string, unknown> | null) ?? undefined,
    param: (told.param as string | null) ?? undefined,
    declineCode: (told.decline_code as string | null) ?? undefined,
    resource: (told.resource as string | null) ?? undefined,
    docUrl: (told.doc_url as string | null) ?? undefined,
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const error = (JSON.parse(text) as { error?: unknown } | null)?.error;
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
