// A certified OpenID provider (npm package oidc-provider) on loopback, for test_real_issuer.py.
// Started as: node oidc_provider.mjs PORT, with its signing keys as JSON on standard input, the one that signs first.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, modules] = process.argv.slice(2);
const entry = createRequire(`${modules}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(entry));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: JSON.parse(readFileSync(0)),
  clients: [{ client_id: 'empi', client_secret: 'not-a-secret', redirect_uris: ['http://127.0.0.1:1/back'] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true, name: id }),
  }),
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:empi',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'openid email profile',
        audience: 'empi-api',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  ttl: { IdToken: 4, AccessToken: 4, Session: 600, Grant: 600, Interaction: 600 },
  pkce: { required: () => false },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
