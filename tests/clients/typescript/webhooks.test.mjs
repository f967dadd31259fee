// Letters proved by the TypeScript client, in every documented form, against the published check value.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { Parcela, Webhooks } from '../../../clients/typescript/dist/index.js';

const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const OTHER = 'whsec_HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const STAMP = 1782864000;
const ID = 'evt_01K0000000000000000000000A';
const BODY =
  '{"id":"evt_01K0000000000000000000000A","type":"payment.completed","created":1782864000,' +
  '"data":{"object":{"id":"pay_01K0000000000000000000000B","status":"completed"}}}';
const STANDARD = 'v1,vKMuHNGqQ241GMSK3dOgS6dXWEOgOXvFKnnh/YDRRFg=';
const PLAIN = 'd6848be1c828b260dd7d53655161915d0c4808b3406c765b7488e31cbe428538';
const HEADERS = { 'webhook-id': ID, 'webhook-timestamp': `${STAMP}`, 'webhook-signature': STANDARD };
const PLAIN_HEADERS = { 'X-Vinr-Timestamp': `${STAMP}`, 'X-Vinr-Signature': PLAIN };

const make = ({ now = STAMP, secret = SECRET } = {}) => new Webhooks(secret, () => now * 1000);

const FORMS = {
  'signature and timestamp': (hooks) => hooks.constructEvent(BODY, PLAIN, `${STAMP}`),
  'timestamp as a number': (hooks) => hooks.constructEvent(BODY, PLAIN, STAMP),
  'signature and secret': () => make({ secret: undefined }).constructEvent(BODY, PLAIN, SECRET),
  'secret of the call wins': () => make({ secret: OTHER }).constructEvent(BODY, PLAIN, SECRET),
  'signature alone': (hooks) => hooks.constructEvent(BODY, PLAIN),
  verify: (hooks) => hooks.verify(BODY, PLAIN),
  'verify with a secret': () => make({ secret: undefined }).verify(BODY, PLAIN, SECRET),
  'standard signature and timestamp': (hooks) => hooks.constructEvent(BODY, STANDARD, STAMP),
  'standard signature alone': (hooks) => hooks.verify(BODY, STANDARD),
  'standard headers': (hooks) => hooks.constructEvent(BODY, HEADERS),
  'plain headers': (hooks) => hooks.constructEvent(BODY, PLAIN_HEADERS),
  'headers of fetch': (hooks) => hooks.constructEvent(BODY, new Headers(HEADERS)),
  'headers with a secret': () => make({ secret: undefined }).constructEvent(BODY, HEADERS, SECRET),
  'a buffer': (hooks) => hooks.constructEvent(Buffer.from(BODY), PLAIN, STAMP),
  'an array buffer': (hooks) => hooks.constructEvent(new TextEncoder().encode(BODY).buffer, PLAIN, STAMP),
  'rolled secrets': (hooks) => hooks.constructEvent(BODY, `${'0'.repeat(64)} ${PLAIN}`, STAMP),
  'rolled standard': (hooks) => hooks.constructEvent(BODY, `v1,AAAA ${STANDARD}`, STAMP),
  'a header that stands twice': (hooks) => hooks.constructEvent(BODY, ['v1,AAAA', STANDARD], STAMP),
};
for (const [name, construct] of Object.entries(FORMS)) {
  test(`a genuine letter is an event: ${name}`, () => {
    const event = construct(make());
    assert.equal(event.id, ID);
    assert.equal(event.type, 'payment.completed');
    assert.equal(event.data.object.status, 'completed');
  });
}

const FORGED = {
  'no signature': ['', STAMP],
  'another one': ['0'.repeat(64), STAMP],
  'cut': [PLAIN.slice(0, -1), STAMP],
  'upper case': [PLAIN.toUpperCase(), STAMP],
  'other time': [PLAIN, STAMP + 1],
  'standard without its scheme': [STANDARD.slice(3), STAMP],
  'other scheme': [`v2,${STANDARD.slice(3)}`, STAMP],
  'other id': [{ ...HEADERS, 'webhook-id': 'evt_x' }],
  'headers without a time': [{ 'X-Vinr-Signature': PLAIN }],
  'no headers': [{}],
  'another secret': [PLAIN, OTHER],
};
for (const [name, given] of Object.entries(FORGED)) {
  test(`a forged letter is refused: ${name}`, () => {
    assert.throws(() => make().constructEvent(BODY, ...given), {
      code: 'webhook_refused',
      message: "No signature of this secret: the body was changed, or the secret is another endpoint's.",
    });
  });
}

for (const signature of [PLAIN, STANDARD, HEADERS, PLAIN_HEADERS]) {
  test(`a changed body is refused: ${JSON.stringify(signature).slice(0, 30)}`, () => {
    assert.throws(() => make().constructEvent(BODY.replace('completed', 'cancelled'), signature), {
      code: 'webhook_refused',
    });
  });
}

const AGED = {
  'signature and timestamp': (hooks) => hooks.constructEvent(BODY, PLAIN, STAMP),
  headers: (hooks) => hooks.constructEvent(BODY, HEADERS),
  'signature alone': (hooks) => hooks.verify(BODY, PLAIN),
  'standard signature alone': (hooks) => hooks.verify(BODY, STANDARD),
};
for (const [name, construct] of Object.entries(AGED)) {
  test(`five minutes are tolerated, not a second more: ${name}`, () => {
    for (const now of [STAMP + 300, STAMP - 300]) assert.equal(construct(make({ now })).id, ID);
    for (const now of [STAMP + 301, STAMP - 301]) {
      assert.throws(() => construct(make({ now })), { code: 'webhook_refused' });
    }
  });
}

test('a signed timestamp that is no number is refused', () => {
  const signature = createHmac('sha256', SECRET).update(`later.${BODY}`).digest('hex');
  assert.throws(() => make().constructEvent(BODY, signature, 'later'), { code: 'webhook_refused' });
});

for (const body of ['', '[]', 'null', '{']) {
  test(`a signed body of ${JSON.stringify(body)} is refused`, () => {
    const signature = createHmac('sha256', SECRET).update(`${STAMP}.${body}`).digest('hex');
    assert.throws(() => make().constructEvent(body, signature, STAMP), {
      code: 'webhook_refused',
      message: 'The letter is signed, but its body is no JSON object.',
    });
  });
}

test('a parsed body and a missing signature are said', () => {
  assert.throws(() => make().constructEvent(JSON.parse(BODY), PLAIN, STAMP), {
    message: 'The body must be the text or the bytes as received, not an object parsed from them.',
  });
  assert.throws(() => make().constructEvent(BODY, undefined, STAMP), { message: 'The letter has no signature.' });
});

test('a missing and a damaged secret are said', () => {
  assert.throws(() => new Webhooks(undefined).constructEvent(BODY, PLAIN, STAMP), {
    code: 'not_configured',
    message: 'No webhook secret: give webhookSecret, or set PARCELA_WEBHOOK_SECRET.',
  });
  assert.throws(() => make({ secret: 'whsec_no base64!' }).constructEvent(BODY, HEADERS), {
    message: 'The webhook secret is damaged: it is `whsec_` and base64.',
  });
});

test('the client proves letters of now', () => {
  const client = new Parcela({ secretKey: 'sk_test_1', baseUrl: 'http://localhost:1', webhookSecret: SECRET });
  const stamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', SECRET).update(`${stamp}.${BODY}`).digest('hex');
  assert.equal(client.webhooks.constructEvent(BODY, signature, stamp).id, ID);
  assert.equal(client.webhooks.verify(BODY, signature).id, ID);
  assert.throws(() => client.webhooks.constructEvent(BODY, PLAIN, STAMP), { code: 'webhook_refused' });
});
