// An application's client of Gatehouse, written with fetch.
//
//     node client.mjs http://127.0.0.1:9000
//
// Signs in as the users of the demonstration data, makes every call that an application makes, and
// checks every answer. Ends with exit code 1 and one line at the first that is not as documented.
// It changes a password and changes it back, so two clients must not run at the same time.

import http from "node:http";

const base = (process.argv[2] ?? "").replace(/\/$/, "");
const random = (below) => Math.floor(Math.random() * below);

function fail(why) {
  console.error(`client.mjs: ${why}`);
  process.exit(1);
}

// Logins are limited by address and fetch has no say in it: all but the first come from a loopback
// address of their own (Linux), by http.request in fetch's clothes.
function fetchFrom(localAddress, url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, localAddress }, async (answer) => {
      const chunks = await answer.toArray();
      resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

// One user's connection: keeps the tokens, and refreshes them once where a call is a 401.
class Gatehouse {
  constructor(address = `127.22.${random(256)}.${1 + random(254)}`) {
    this.fetch = address === null ? fetch : (url, init) => fetchFrom(address, url, init);
  }

  async call(method, path, { body, token, by = fetch } = {}) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    return by(base + path, { method, headers, body: body && JSON.stringify(body) });
  }

  async login(credentials) {
    const by = this.fetch;
    return this.keep(await this.call("POST", "/api/auth/login", { body: credentials, by }));
  }

  async refresh() {
    const body = { refreshToken: this.refreshToken };
    return this.keep(await this.call("POST", "/api/auth/refresh", { body }));
  }

  async keep(response) {
    if (response.ok) {
      ({ accessToken: this.accessToken, refreshToken: this.refreshToken } = await response.clone().json());
    }
    return response;
  }

  async authorized(method, path, body) {
    const response = await this.call(method, path, { body, token: this.accessToken });
    if (response.status !== 401 || !(await this.refresh()).ok) return response;
    return this.call(method, path, { body, token: this.accessToken });
  }
}

// The answer has this status and these members; members of members are named with dots.
async function expect(what, response, status, members) {
  if (response.status !== status) fail(`${what}: status ${response.status}, expected ${status}`);
  const body = await response.json();
  for (const [name, value] of Object.entries(members)) {
    const answered = name.split(".").reduce((at, part) => at?.[part], body);
    if (JSON.stringify(answered) !== JSON.stringify(value)) {
      fail(`${what}: ${name} is not ${JSON.stringify(value)}`);
    }
  }
  if (response.headers.get("content-type") !== "application/json; charset=utf-8") {
    fail(`${what}: the content type is not JSON`);
  }
  if (status === 401 && !response.headers.get("www-authenticate")?.startsWith("Bearer")) {
    fail(`${what}: a 401 without www-authenticate: Bearer`);
  }
  console.log(`ok ${what}`);
  return body;
}

const noToken = {
  success: false,
  error: "Authentication required",
  message: "Invalid or missing authentication token",
  detail: "Unauthorized",
};
const badLogin = {
  success: false,
  error: "Authentication failed",
  message: "Invalid username or password",
  detail: "Unauthorized",
};
const incomplete = {
  success: false,
  error: "Bad request",
  message: "Username and password are required",
};

async function signsInByUsernameAndEmail() {
  const doctor = {
    success: true,
    message: "Login successful",
    tokenType: "Bearer",
    expiresIn: 604800,
    userId: "user-123456",
    tenantId: "nuxera",
    "user.id": "user-123456",
    "user.username": "doctor.smith",
    "user.email": "doctor.smith@example.com",
    "user.role": "physician",
  };
  const byFetch = new Gatehouse(null);
  const others = new Gatehouse();
  for (const [client, member, name] of [
    [byFetch, "username", "doctor.smith"],
    [others, "username", "doctor.smith@example.com"],
    [others, "email", "doctor.smith@example.com"],
    [others, "email", "doctor.smith"],
  ]) {
    const answer = await client.login({ [member]: name, password: "secure-password" });
    const body = await expect(`login with ${name} as ${member}`, answer, 200, doctor);
    if (body.token !== body.accessToken || body.token.split(".").length !== 3) {
      fail("token is not the JWT that accessToken is");
    }
  }
}

async function isRefusedALogin() {
  const client = new Gatehouse();
  let answer = await client.login({ username: "doctor.smith", password: "wrong" });
  await expect("login with a wrong password", answer, 401, badLogin);
  // Another name each time: the failures of a name add up, though it is nobody's.
  answer = await client.login({ username: `nobody-${random(1e9)}`, password: "secure-password" });
  await expect("login of an unknown user", answer, 401, badLogin);
  answer = await client.login({ username: "doctor.smith" });
  await expect("login without a password", answer, 400, incomplete);
  // Clears the count of failures that the first of these added to.
  await client.login({ username: "doctor.smith", password: "secure-password" });
}

async function readsWhoItIs() {
  const client = new Gatehouse();
  await client.login({ username: "doc@nuxera.ai", password: "Abcd1234" });
  await expect("me", await client.authorized("GET", "/api/auth/me"), 200, {
    id: "100",
    email: "doc@nuxera.ai",
    status: "active",
    created_at: "2025-03-31T16:54:47.134Z",
    email_verified: true,
    name: "Doctor Hisham",
    is_demo: false,
    user_type: ["ai-medical-note"],
    userId: "100",
    tenantId: "nuxera",
  });
  await expect("me without a token", await client.call("GET", "/api/auth/me"), 401, noToken);
  const answer = await client.call("GET", "/api/auth/me", { token: "eyJ.bad.token" });
  await expect("me with a bad token", answer, 401, noToken);
}

async function validatesAndSignsOut() {
  const client = new Gatehouse();
  const john = {
    "user.username": "john",
    "user.email": "john@example.com",
    "user.name": "John Doe",
    "user.organization": "Acme Corp",
    "user.aws_region": "eu-north-1",
    "user.role": "admin",
    "user.is_active": true,
  };
  const validate = "/api/auth/validate";
  let answer = await client.login({ username: "john@example.com", password: "securePassword123" });
  await expect("login of john", answer, 200, { expiresIn: 86400, ...john });
  answer = await client.authorized("GET", validate);
  await expect("validate", answer, 200, { success: true, message: "Token is valid", ...john });
  const refused = { ...noToken, message: "No token provided" };
  await expect("validate without a token", await client.call("GET", validate), 401, refused);
  const invalid = { ...noToken, message: "Invalid or expired token" };
  answer = await client.call("GET", validate, { token: "eyJ.bad.token" });
  await expect("validate with a bad token", answer, 401, invalid);
  const token = client.accessToken;
  const out = { success: true, message: "Logged out" };
  await expect("logout", await client.call("POST", "/api/auth/logout", { token }), 200, out);
  answer = await client.call("GET", validate, { token });
  await expect("validate after logout", answer, 401, invalid);
  answer = await client.call("POST", "/api/auth/logout");
  await expect("logout again, without a token", answer, 200, out);
}

async function staysSignedIn() {
  const client = new Gatehouse();
  const ids = { userId: "1005", tenantId: "2001" };
  let answer = await client.login({ email: "user@example.com", password: "password" });
  await expect("login of user@example.com", answer, 200, { expiresIn: 900, ...ids });
  const first = client.refreshToken;
  answer = await client.refresh();
  await expect("refresh", answer, 200, { tokenType: "Bearer", expiresIn: 900 });
  if (client.refreshToken === first) fail("refresh gave the same refresh token");
  client.accessToken = "eyJ.bad.token";
  answer = await client.authorized("GET", "/api/auth/me");
  await expect("a call repeated after a refresh", answer, 200, { email: "user@example.com", ...ids });
  answer = await client.call("POST", "/api/auth/logout", { body: { refreshToken: client.refreshToken } });
  await expect("logout by refresh token", answer, 200, { success: true });
  const body = await expect("refresh after logout", await client.refresh(), 401, {
    success: false,
    error: "Authentication failed",
    message: "Invalid or expired refresh token",
    detail: "Unauthorized",
  });
  if (!body.request_id) fail("an error without request_id");
}

async function changesThePassword() {
  const [client, other] = [new Gatehouse(), new Gatehouse()];
  for (const each of [client, other]) {
    await each.login({ username: "doc@nuxera.ai", password: "Abcd1234" });
  }
  const path = "/api/auth/change-password";
  const change = { currentPassword: "Abcd1234", newPassword: "1234Acd" };
  let answer = await client.call("POST", path, { body: change });
  await expect("change-password without a token", answer, 401, noToken);
  answer = await client.authorized("POST", path, { ...change, currentPassword: "wrong" });
  await expect("change-password with a wrong password", answer, 400, {
    error: "Invalid current password",
    message: "The current password provided is incorrect",
  });
  const changed = { success: true, message: "Password changed successfully" };
  await expect("change-password", await client.authorized("POST", path, change), 200, changed);
  answer = await client.call("GET", "/api/auth/me", { token: client.accessToken });
  await expect("me in the session that changed it", answer, 200, { id: "100" });
  answer = await other.call("GET", "/api/auth/me", { token: other.accessToken });
  await expect("me in another session", answer, 401, noToken);
  const back = { currentPassword: "1234Acd", newPassword: "Abcd1234" };
  await expect("change-password back", await client.authorized("POST", path, back), 200, changed);
}

// The same of an answer that is not ours: API Gateway's own words, or a team's own API's.
async function answered(what, response, status, members) {
  if (response.status !== status) fail(`${what}: status ${response.status}, expected ${status}`);
  const body = await response.json();
  for (const [name, value] of Object.entries(members)) {
    if (body[name] !== value) fail(`${what}: ${name} is not ${JSON.stringify(value)}`);
  }
  console.log(`ok ${what}`);
  return body;
}

async function callsAnApiBehindTheAuthorizer() {
  const client = new Gatehouse();
  await client.login({ email: "user@example.com", password: "password" });
  const transcribe = "/api/transcribe";
  let answer = await client.authorized("GET", transcribe);
  await answered("a call of a team's own API", answer, 200, { user: "1005", tenant_id: "2001" });
  answer = await client.authorized("GET", "/api/v1/interactions?limit=2");
  const body = await answered("a page of interactions", answer, 200, { next_cursor: "2" });
  if (body.interactions.length !== 2) fail("not two interactions on a page of two");
  answer = await client.call("GET", transcribe);
  await answered("the same without a token", answer, 401, { message: "Unauthorized" });
  const refused = { message: "Forbidden" };
  answer = await client.call("GET", transcribe, { token: "eyJ.bad.token" });
  await answered("the same with a bad token", answer, 403, refused);
  const token = client.accessToken;
  await client.call("POST", "/api/auth/logout", { token });
  answer = await client.call("GET", transcribe, { token });
  await answered("the same after logout", answer, 403, refused);
}

if (process.argv.length !== 3) fail("usage: client.mjs BASE_URL");
await signsInByUsernameAndEmail();
await isRefusedALogin();
await readsWhoItIs();
await validatesAndSignsOut();
await staysSignedIn();
await changesThePassword();
await callsAnApiBehindTheAuthorizer();
console.log("client.mjs: every answer is as documented");
