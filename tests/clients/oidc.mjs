// A service that verifies access tokens by the issuer's address alone, written with openid-client.
//
//     node oidc.mjs http://127.0.0.1:9000
//
// The address must be the stack's issuer, as it is by default. The libraries are those that `make test`
// puts into .tools/node.

import http from "node:http";

const modules = new URL("../../.tools/node/node_modules/", import.meta.url);
const load = (path) => import(new URL(path, modules));
const { allowInsecureRequests, discovery } = await load("openid-client/build/index.js");
const { createRemoteJWKSet, jwtVerify } = await load("jose/dist/webapi/index.js");

const audience = "gatehouse-local";

function fail(why) {
  console.error(`oidc.mjs: ${why}`);
  process.exit(1);
}

// From an address of its own (Linux), since logins are limited by address.
function login(base) {
  const random = (below) => Math.floor(Math.random() * below);
  const localAddress = `127.28.${random(256)}.${1 + random(254)}`;
  const headers = { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, localAddress };
    const request = http.request(`${base}/api/auth/login`, options, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString();
      resolve(JSON.parse(text).accessToken);
    });
    request.on("error", reject);
    request.end(JSON.stringify({ email: "user@example.com", password: "password" }));
  });
}

if (process.argv.length !== 3) fail("usage: oidc.mjs BASE_URL");
const issuer = process.argv[2].replace(/\/$/, "");
// The local stack has no TLS.
const execute = [allowInsecureRequests];
const client = await discovery(new URL(issuer), "a-service", undefined, undefined, { execute });
const metadata = client.serverMetadata();
if (metadata.issuer !== issuer) fail("the issuer is another");
if (metadata.token_endpoint || metadata.authorization_endpoint) fail("there is no OAuth here");

const token = await login(issuer);
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const expected = {
  issuer,
  audience,
  typ: "at+jwt",
  algorithms: metadata.id_token_signing_alg_values_supported,
};
const { payload } = await jwtVerify(token, keys, expected);
if (payload.sub !== "1005") fail("the token is not user@example.com's");
const refused = await jwtVerify(`${token.slice(0, -8)}AAAAAAAA`, keys, expected).catch(() => null);
if (refused !== null) fail("a token of another signature was taken");
console.log("the token is verified");
