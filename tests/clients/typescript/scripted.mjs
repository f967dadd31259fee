// A server that answers what a test tells it to, and keeps what it was asked.

import { createServer } from 'node:http';

import { Parcela } from '../../../clients/typescript/dist/index.js';

export const KEY = 'sk_test_4f9d';

/** Runs `use(client, asked, rootUrl)` against a server that answers by the script. */
export async function withServer(script, use, options = {}) {
  const asked = [];
  const left = [...script];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const place = new URL(request.url, 'http://x');
    const body = Buffer.concat(chunks).toString();
    asked.push({
      method: request.method,
      path: place.pathname,
      query: Object.fromEntries(place.searchParams),
      headers: request.headers,
      body,
      json: body === '' ? undefined : JSON.parse(body),
    });
    const told = left.shift();
    if (told.hangsUp) {
      request.socket.destroy();
      return;
    }
    const text = typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? {});
    response.writeHead(told.status ?? 200, { 'Content-Type': 'application/json', ...told.headers });
    response.end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rootUrl = `http://127.0.0.1:${server.address().port}`;
  const client = new Parcela({ secretKey: KEY, baseUrl: rootUrl, retries: { firstWaitMs: 1 }, ...options });
  try {
    await use(client, asked, rootUrl);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A refusal as the payments API tells it. */
export function refuse(status, code, { retryAfter, ...members } = {}) {
  return {
    status,
    headers: {
      'Request-Id': 'req_01K1B9Z6Q4T8V2X0M5R7S3W9YA',
      ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
    },
    body: { error: { type: 'api_error', code, message: `Refused: ${code}.`, ...members } },
  };
}

/** Answers of a list, page by page. */
export function listPages(...pages) {
  return pages.map((names, index) => ({
    body: {
      object: 'list',
      data: names.map((id) => ({ id, object: 'payment' })),
      page: {
        has_more: index < pages.length - 1,
        next_cursor: index < pages.length - 1 ? names.at(-1) : null,
        total_estimate: pages.flat().length,
      },
    },
  }));
}
