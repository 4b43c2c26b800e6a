// A machine's client of Gatehouse, written with Node's http: fetch refuses to send TRACE.
//
//     API_KEY=gatehouse_… node machine.mjs http://127.0.0.1:9000
//
// Signs in by its API key, stays signed in by TRACE, and asks whether it is. Ends with exit code 1 and
// one line at the first answer that is not as documented.

import http from "node:http";

const base = process.argv[2];
const key = process.env.API_KEY;
const random = (below) => Math.floor(Math.random() * below);
// Attempts are limited by address (Linux).
const localAddress = `127.25.${random(256)}.${1 + random(254)}`;

function fail(why) {
  console.error(`machine.mjs: ${why}`);
  process.exit(1);
}

if (!base || !key) fail("usage: API_KEY=… machine.mjs BASE_URL");

function call(method, path, { bearer, body, headers = {} } = {}) {
  const text = body && JSON.stringify(body);
  headers = { ...headers };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (text) headers["content-type"] = "application/json";
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { method, headers, localAddress }, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString();
      resolve({ status: answer.statusCode, headers: answer.headers, text, body: JSON.parse(text) });
    });
    request.on("error", reject);
    request.end(text);
  });
}

function expect(what, answer, status, members = {}) {
  if (answer.status !== status) fail(`${what}: status ${answer.status}, expected ${status}`);
  for (const [name, value] of Object.entries(members)) {
    if (answer.body[name] !== value) fail(`${what}: ${name} is not ${JSON.stringify(value)}`);
  }
  console.log(`ok ${what}`);
  return answer.body;
}

let answer = await call("POST", "/v1/auth", { headers: { "x-api-key": key } });
const signedIn = expect("sign in", answer, 200, { token_type: "Bearer", expires_in: 1209600 });
answer = await call("TRACE", "/v1/auth", { bearer: signedIn.refresh_token });
const refreshed = expect("refresh by TRACE", answer, 200, { expires_in: 1209600, scope: signedIn.scope });
if (refreshed.refresh_token === signedIn.refresh_token) fail("the refresh token is the same");
answer = await call("POST", "/v1/auth/refresh", { body: { refresh_token: refreshed.refresh_token } });
const last = expect("refresh by POST", answer, 200, { scope: signedIn.scope });
answer = await call("TRACE", "/v1/auth", { bearer: last.access_token });
expect("the status by TRACE", answer, 200, { active: true, scope: signedIn.scope });
if (answer.text.includes(last.access_token)) fail("TRACE echoes what was sent");
answer = await call("GET", "/api/transcribe", { bearer: last.access_token });
expect("a team's own API", answer, 200, { user: "nudgescribe-demo", tenant_id: "nudgescribe" });
answer = await call("TRACE", "/v1/auth", { bearer: "eyJ.bad.token" });
expect("a bad token", answer, 401, { error: "Authentication required" });
const refused = await fetch(base + "/v1/auth", { method: "TRACE" }).catch((error) => error);
if (!(refused instanceof TypeError)) fail("fetch sends TRACE now: say so in the README");
console.log("machine.mjs: every answer is as documented");
