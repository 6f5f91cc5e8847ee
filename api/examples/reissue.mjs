#!/usr/bin/env node
// Reissues a revoked certificate for a new key: Node.js 20 and openssl, no packages.
//
//     . .run/env && export BASE_URL SUBSCRIBER_TOKEN REVOKED_CERTIFICATE_ID && node api/examples/reissue.mjs
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { BASE_URL, SUBSCRIBER_TOKEN, REVOKED_CERTIFICATE_ID } = process.env;

// A refusal is a problem document (RFC 9457): what is wrong, where, what to do next.
async function call(method, path, body, accept = 'application/json') {
  const answer = await fetch(BASE_URL + path, {
    method,
    headers: {
      Authorization: `Bearer ${SUBSCRIBER_TOKEN}`,
      Accept: accept,
      ...(body && { 'Content-Type': 'application/json' }),
      // The same key on a retry after a lost answer gives the first answer, not a second effect.
      ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) {
    const problem = await answer.json();
    const faults = (problem.errors ?? []).map((fault) => `${fault.pointer}: ${fault.detail}`);
    throw new Error(`${answer.status} ${problem.code}: ${[problem.detail, ...faults].join('; ')}`);
  }
  return accept === 'application/json' ? answer.json() : answer.text();
}

const folder = mkdtempSync(join(tmpdir(), 'reissue-'));
execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
  '-subj', '/CN=new key', '-keyout', `${folder}/new.key`, '-out', `${folder}/new.csr`], { stdio: 'ignore' });

let request = await call('POST', '/v1/reissue-requests', {
  certificate_id: REVOKED_CERTIFICATE_ID, reason: 'key_lost', csr: readFileSync(`${folder}/new.csr`, 'ascii'),
});
const path = `/v1/reissue-requests/${request.id}`;
request = await call('PATCH', path, { subject: { common_name: 'Alice J. Example' } });
if (request.agreement.required) {
  const { agreement_id, version, language, sha256 } = request.agreement;
  await call('PUT', `${path}/agreement`, { agreement_id, version, language, sha256, accepted: true });
}
const { ready, blockers } = await call('GET', `${path}/preflight`);
if (!ready) throw new Error(`still missing: ${blockers.map((blocker) => blocker.detail).join('; ')}`);
request = await call('POST', `${path}/submit`, { message: 'lost laptop' });
console.log(request.number, request.status);
writeFileSync(`${folder}/new.pem`, await call('GET', `${path}/certificate`, undefined, 'application/pem-certificate-chain'));
console.log(`${folder}/new.pem`);
