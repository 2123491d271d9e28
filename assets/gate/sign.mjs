// Of gate and relay: how they ask AWS, which is by a GET signed with Signature Version 4.

import { createHash, createHmac } from 'node:crypto';

export const sha256 = (data, encoding) => createHash('sha256').update(data).digest(encoding);

/** What AWS lets through unescaped, and nothing else. */
const strict = text => encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** A query in the one form that can be signed. */
export function queryOf(fields) {
  const pairs = Object.entries(fields).map(([name, value]) => [strict(name), strict(String(value))]);
  return pairs.sort(([one], [other]) => one < other ? -1 : 1).map(pair => pair.join('=')).join('&');
}

/** Whom a function acts as, by its environment. */
export const keysOf = env => ({
  region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
  accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY, sessionToken: env.AWS_SESSION_TOKEN,
});

/** Where a service is asked: `id` is its name in the environment. */
export function endpointOf(env, id, service, region) {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return env[`AWS_ENDPOINT_URL_${id}`] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.${domain}`;
}

/** Headers of a GET. The query of `url`, if it has one, is of `queryOf`; `date` is a Date. */
export function signed(url, service, { region, accessKeyId, secretAccessKey, sessionToken }, date) {
  const stamp = date.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const headers = { host: url.host, 'x-amz-date': stamp };
  if (sessionToken) headers['x-amz-security-token'] = sessionToken;
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join('');
  const request = `GET\n${url.pathname}\n${url.search.slice(1)}\n${lines}\n${names}\n${sha256('', 'hex')}`;
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split('/').reduce((key, part) => createHmac('sha256', key).update(part).digest(), `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key).update(`AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(request, 'hex')}`).digest('hex');
  const { host, ...sent } = headers;
  sent.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return sent;
}
