// The TypeScript client: what it sends, what it reads, when it tries again.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { afterEach, beforeEach, test } from 'node:test';

import { Parcela, ParcelaError, Vinr, VinrError } from '../../../clients/typescript/dist/index.js';
import { KEY, listPages, refuse, withServer } from './scripted.mjs';

const PAYMENT = { id: 'pay_01', object: 'payment', status: 'pending', amount: 60000, aNewMember: 1 };

const NAMES = ['SECRET_KEY', 'BASE_URL', 'WEBHOOK_SECRET'].flatMap((name) => [`PARCELA_${name}`, `VINR_${name}`]);
let kept;
beforeEach(() => {
  kept = NAMES.map((name) => [name, process.env[name]]);
  for (const name of NAMES) delete process.env[name];
});
afterEach(() => {
  for (const [name, value] of kept) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test('both names are one class', () => {
  assert.equal(Vinr, Parcela);
  assert.equal(VinrError, ParcelaError);
});

test('a create is sent as it is given', async () => {
  const params = { amount: 60000, installments: { enabled: true, count: 3 }, metadata: { order_no: '7' } };
  await withServer([{ status: 201, body: PAYMENT }], async (client, asked) => {
    assert.deepEqual(await client.payments.create(params), PAYMENT);
    assert.deepEqual(asked[0].json, params);
    assert.equal(`${asked[0].method} ${asked[0].path}`, 'POST /v1/payments');
    assert.equal(asked[0].headers.authorization, `Bearer ${KEY}`);
    assert.equal(asked[0].headers['content-type'], 'application/json');
    assert.equal(asked[0].headers['idempotency-key'].length, 24);
    assert.equal(asked[0].headers['parcela-version'], undefined);
  });
});

test('a key of your own and a version are sent', async () => {
  const script = [{ body: PAYMENT }, { body: PAYMENT }, { body: PAYMENT }];
  await withServer(
    script,
    async (client, asked) => {
      await client.payments.create({ amount: 1 }, { idempotencyKey: 'a' });
      await client.payments.cancel('pay_01', { idempotencyKey: 'b' });
      await client.payments.capture('pay_01', { amount: 5 }, { idempotencyKey: 'c' });
      assert.deepEqual(
        asked.map((one) => [one.headers['idempotency-key'], one.json]),
        [
          ['a', { amount: 1 }],
          ['b', {}],
          ['c', { amount: 5 }],
        ],
      );
      assert.equal(asked[0].headers['parcela-version'], '2026-04-01');
    },
    { version: '2026-04-01' },
  );
});

test('a get has no key and no body, and an id is one segment', async () => {
  await withServer([{ body: PAYMENT }], async (client, asked) => {
    await client.payments.retrieve('pay/../x?y=1');
    assert.equal(asked[0].path, '/v1/payments/pay%2F..%2Fx%3Fy%3D1');
    assert.equal(asked[0].headers['idempotency-key'], undefined);
    assert.equal(asked[0].body, '');
    for (const wrong of ['', '.', '..', undefined]) {
      assert.throws(() => client.payments.retrieve(wrong), TypeError);
    }
  });
});

const RETRIED = {
  fault: { hangsUp: true },
  409: refuse(409, 'idempotency_in_progress', { retryAfter: '0' }),
  429: refuse(429, 'rate_limited', { retryAfter: '0' }),
  500: refuse(500, 'internal_error'),
  502: { status: 502, body: '<html>bad gateway</html>' },
  503: refuse(503, 'service_unavailable'),
};
const RAISED = { fault: 'connection_failed', 502: 'answer_unreadable' };

for (const [name, trouble] of Object.entries(RETRIED)) {
  test(`a call is tried three times with one key after ${name}`, async () => {
    await withServer([trouble, trouble, { body: PAYMENT }], async (client, asked) => {
      assert.equal((await client.payments.create({ amount: 1 })).id, 'pay_01');
      assert.equal(asked.length, 3);
      assert.equal(new Set(asked.map((one) => one.headers['idempotency-key'])).size, 1);
    });
  });
  test(`the third ${name} is thrown`, async () => {
    await withServer([trouble, trouble, trouble], async (client, asked) => {
      const code = RAISED[name] ?? trouble.body.error.code;
      await assert.rejects(client.payments.create({ amount: 1 }), { name: 'ParcelaError', code });
      assert.equal(asked.length, 3);
    });
  });
}

const FINAL = [
  refuse(400, 'parameter_missing'),
  refuse(402, 'card_declined'),
  refuse(409, 'idempotency_key_reused'),
  refuse(409, 'resource_busy'),
  refuse(422, 'amount_too_large'),
  refuse(429, 'rate_limited', { retryAfter: '3600' }),
];
for (const refusal of FINAL) {
  test(`${refusal.status} ${refusal.body.error.code} is thrown at once`, async () => {
    await withServer([refusal], async (client, asked) => {
      await assert.rejects(client.payments.create({ amount: 1 }), { code: refusal.body.error.code });
      assert.equal(asked.length, 1);
    });
  });
}

test('an error has all that the server told', async () => {
  const told = refuse(429, 'rate_limited', {
    retryAfter: '3600',
    type: 'rate_limit_error',
    details: { maximum: 1 },
    param: 'amount',
    decline_code: 'insufficient_funds',
    resource: 'pay_01',
    doc_url: '/docs/errors#rate_limited',
  });
  await withServer([told], async (client) => {
    await assert.rejects(client.payments.retrieve('pay_01'), (error) => {
      assert.ok(error instanceof VinrError);
      assert.equal(error.message, 'Refused: rate_limited.');
      assert.deepEqual(
        { ...error },
        {
          name: 'ParcelaError',
          code: 'rate_limited',
          type: 'rate_limit_error',
          status: 429,
          requestId: 'req_01K1B9Z6Q4T8V2X0M5R7S3W9YA',
          retryAfter: 3600,
          details: { maximum: 1 },
          param: 'amount',
          declineCode: 'insufficient_funds',
          resource: 'pay_01',
          docUrl: '/docs/errors#rate_limited',
        },
      );
      return true;
    });
  });
});

test('a list goes on through all its pages', async () => {
  await withServer(listPages(['pay_3', 'pay_2'], ['pay_1']), async (client, asked) => {
    const seen = [];
    for await (const payment of client.payments.list({ limit: 2, created: { gte: 5 } })) seen.push(payment.id);
    assert.deepEqual(seen, ['pay_3', 'pay_2', 'pay_1']);
    assert.deepEqual(
      asked.map((one) => one.query),
      [
        { limit: '2', 'created[gte]': '5' },
        { limit: '2', 'created[gte]': '5', starting_after: 'pay_2' },
      ],
    );
  });
});

test('a list can be awaited for its first page', async () => {
  await withServer(listPages(['pay_3'], ['pay_2']), async (client, asked) => {
    const page = await client.payments.list();
    assert.deepEqual([page.data[0].id, page.hasMore, page.nextCursor, page.totalEstimate], ['pay_3', true, 'pay_3', 2]);
    assert.equal(asked.length, 1);
    const following = await page.nextPage();
    assert.equal(following.data[0].id, 'pay_2');
    assert.equal(await following.nextPage(), null);
  });
});

test('a list before an object travels from old to new', async () => {
  await withServer(listPages(['pay_3', 'pay_2'], ['pay_5', 'pay_4']), async (client, asked) => {
    const seen = [];
    for await (const payment of client.payments.list({ endingBefore: 'pay_1' })) seen.push(payment.id);
    assert.deepEqual(seen, ['pay_2', 'pay_3', 'pay_4', 'pay_5']);
    assert.deepEqual(asked.map((one) => one.query.ending_before), ['pay_1', 'pay_3']);
  });
});

test('a refused list is thrown where it is awaited', async () => {
  await withServer([refuse(403, 'permission_missing')], async (client) => {
    await assert.rejects(async () => client.payments.list(), { code: 'permission_missing' });
  });
});

test('plans are an array with reasons', async () => {
  const body = {
    object: 'list',
    data: [{ object: 'installment_plan', count: 3, monthlyAmount: 20000 }],
    page: { has_more: false, next_cursor: null, total_estimate: 1 },
    unavailableReasons: [{ code: 'plans_ending', message: 'They end today.' }],
  };
  await withServer([{ body }], async (client, asked) => {
    const plans = await client.installments.listPlans({ payment: 'pay_01', paymentMethod: 'pm_01' });
    assert.ok(Array.isArray(plans));
    assert.deepEqual([plans.length, plans[0].count, plans.unavailableReasons[0].code], [1, 3, 'plans_ending']);
    assert.deepEqual(plans.map((plan) => plan.count), [3]);
    assert.deepEqual(asked[0].query, { payment: 'pay_01', paymentMethod: 'pm_01' });
  });
});

test('a file is bytes', async () => {
  await withServer([{ body: 'id,type\r\n' }], async (client, asked) => {
    assert.equal(Buffer.from(await client.reports.download('rpt_1')).toString(), 'id,type\r\n');
    assert.equal(asked[0].path, '/v1/reports/rpt_1/content');
  });
});

for (const body of ['', '<html></html>', '[]', 'null']) {
  test(`a success of ${JSON.stringify(body)} is told`, async () => {
    await withServer([{ body }], async (client) => {
      await assert.rejects(client.payments.retrieve('pay_01'), {
        code: 'answer_unreadable',
        message: 'HTTP 200 without a JSON object.',
      });
    });
  });
}

test('a redirect is not followed with the key', async () => {
  await withServer([{ status: 307, headers: { Location: '/elsewhere' } }], async (client, asked) => {
    await assert.rejects(client.payments.retrieve('pay_01'), { code: 'answer_unreadable', status: 307 });
    assert.equal(asked.length, 1);
  });
});

for (const name of ['PARCELA', 'VINR']) {
  test(`key and address come from ${name}_… of the environment`, async () => {
    await withServer([{ body: PAYMENT }], async (_, asked, rootUrl) => {
      process.env[`${name}_SECRET_KEY`] = 'sk_test_env';
      process.env[`${name}_BASE_URL`] = `${rootUrl}/v1/`;
      await new Vinr().payments.retrieve('pay_01');
      assert.equal(asked[0].headers.authorization, 'Bearer sk_test_env');
      assert.equal(asked[0].path, '/v1/payments/pay_01');
    });
  });
}

const MISSING = [
  [{ baseUrl: 'http://localhost:1' }, 'No API key: give secretKey, or set PARCELA_SECRET_KEY.'],
  [
    { secretKey: KEY },
    "No base address: Parcela is self-hosted, so say where yours is. Give baseUrl: 'https://…', or set PARCELA_BASE_URL.",
  ],
  [{ secretKey: KEY, baseUrl: 'shop' }, "The base address 'shop' is no http or https address."],
  [{ secretKey: KEY, baseUrl: 'ftp://shop' }, "The base address 'ftp://shop' is no http or https address."],
  [
    { secretKey: KEY, baseUrl: 'http://shop.example' },
    "The base address 'http://shop.example' must be https: plain http is for this machine only.",
  ],
];
for (const [options, message] of MISSING) {
  test(message, () => {
    assert.throws(() => new Parcela(options), { code: 'not_configured', message });
  });
}

test('a key is not shown', () => {
  const client = new Parcela({ secretKey: KEY, baseUrl: 'http://localhost:1', webhookSecret: 'whsec_AAEC' });
  const shown = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client);
  assert.equal(shown.includes(KEY), false);
  assert.equal(shown.includes('whsec_AAEC'), false);
});
