#!/usr/bin/env bash
# An application's client of Gatehouse, written with curl.
#
#     bash client.sh http://127.0.0.1:9000
#
# Signs in as the users of the demonstration data, makes every call that an application makes, and
# checks every answer. Ends with exit code 1 and one line at the first that is not as documented. It
# changes a password and changes it back, so two clients must not run at the same time.
set -euo pipefail

fail() { echo "client.sh: $1" >&2; exit 1; }
[ $# -eq 1 ] || fail "usage: client.sh BASE_URL"
base=${1%/}

# Logins are limited by address: each of these signs in from a loopback address of its own (Linux).
new_address() { address="127.23.$((RANDOM % 256)).$((1 + RANDOM % 254))"; }

# call METHOD PATH [BODY [TOKEN]]: sets status, headers and body.
call() {
  local options=(--silent --show-error --max-time 30 --interface "$address" --include --request "$1")
  if [ -n "${3-}" ]; then options+=(--header 'Content-Type: application/json' --data "$3"); fi
  if [ -n "${4-}" ]; then options+=(--header "Authorization: Bearer $4"); fi
  local answer
  answer=$(curl "${options[@]}" "$base$2" | tr -d '\r')
  headers=${answer%%$'\n\n'*}
  body=${answer#*$'\n\n'}
  status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' <<<"$headers")
}

# login MEMBER NAME PASSWORD
login() { call POST /api/auth/login "{\"$1\": \"$2\", \"password\": \"$3\"}"; }

# member NAME: the text of a member of the body.
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$body"; }

# header NAME: the value of a header.
header() { sed -n "s/^$1: *//Ip" <<<"$headers"; }

# expect WHAT STATUS MEMBER...: the answer has this status and these members, as they stand in JSON.
expect() {
  local what=$1 expected=$2
  shift 2
  [ "$status" = "$expected" ] || fail "$what: status $status, expected $expected"
  for text in "$@"; do
    [[ $body == *"$text"* ]] || fail "$what: the body has no $text"
  done
  [ "$(header content-type)" = 'application/json; charset=utf-8' ] || fail "$what: the content type is not JSON"
  if [ "$expected" = 401 ]; then
    [[ $(header www-authenticate) == Bearer* ]] || fail "$what: a 401 without www-authenticate: Bearer"
  fi
  echo "ok $what"
}

no_token=('"success":false' '"error":"Authentication required"'
  '"message":"Invalid or missing authentication token"' '"detail":"Unauthorized"')
bad_login=('"success":false' '"error":"Authentication failed"'
  '"message":"Invalid username or password"' '"detail":"Unauthorized"')
incomplete=('"success":false' '"error":"Bad request"' '"message":"Username and password are required"')
john=('"username":"john"' '"email":"john@example.com"' '"name":"John Doe"'
  '"organization":"Acme Corp"' '"aws_region":"eu-north-1"' '"role":"admin"' '"is_active":true')
user=('"userId":"1005"' '"tenantId":"2001"')

# Sign in, by username and by e-mail address in either member.
new_address
for pair in username=doctor.smith username=doctor.smith@example.com \
  email=doctor.smith@example.com email=doctor.smith; do
  login "${pair%%=*}" "${pair#*=}" secure-password
  expect "login with ${pair#*=} as ${pair%%=*}" 200 '"success":true' '"message":"Login successful"' \
    '"tokenType":"Bearer"' '"expiresIn":604800' '"userId":"user-123456"' '"tenantId":"nuxera"' \
    '"username":"doctor.smith"' '"email":"doctor.smith@example.com"' '"role":"physician"'
  [[ $(member token) == *.*.* ]] || fail "token is not a JWT"
done

# Be refused.
new_address
login username doctor.smith wrong
expect "login with a wrong password" 401 "${bad_login[@]}"
# Another name each time: the failures of a name add up, though it is nobody's.
login username "nobody-$RANDOM$RANDOM" secure-password
expect "login of an unknown user" 401 "${bad_login[@]}"
call POST /api/auth/login '{"username": "doctor.smith"}'
expect "login without a password" 400 "${incomplete[@]}"
# Clears the count of failures that the first of these added to.
login username doctor.smith secure-password

# Read who one is.
new_address
login username doc@nuxera.ai Abcd1234
token=$(member token)
call GET /api/auth/me '' "$token"
expect me 200 '"id":"100"' '"email":"doc@nuxera.ai"' '"status":"active"' \
  '"created_at":"2025-03-31T16:54:47.134Z"' '"email_verified":true' '"name":"Doctor Hisham"' \
  '"is_demo":false' '"user_type":["ai-medical-note"]' '"userId":"100"' '"tenantId":"nuxera"'
call GET /api/auth/me
expect "me without a token" 401 "${no_token[@]}"
call GET /api/auth/me '' eyJ.bad.token
expect "me with a bad token" 401 "${no_token[@]}"

# Validate, sign out.
new_address
login username john@example.com securePassword123
expect "login of john" 200 '"expiresIn":86400' "${john[@]}"
token=$(member token)
call GET /api/auth/validate '' "$token"
expect validate 200 '"success":true' '"message":"Token is valid"' "${john[@]}"
call GET /api/auth/validate
expect "validate without a token" 401 '"success":false' '"message":"No token provided"'
call GET /api/auth/validate '' eyJ.bad.token
expect "validate with a bad token" 401 '"success":false' '"message":"Invalid or expired token"'
call POST /api/auth/logout '' "$token"
expect logout 200 '"success":true' '"message":"Logged out"'
call GET /api/auth/validate '' "$token"
expect "validate after logout" 401 '"message":"Invalid or expired token"'
call POST /api/auth/logout
expect "logout again, without a token" 200 '"success":true' '"message":"Logged out"'

# Stay signed in.
new_address
login email user@example.com password
expect "login of user@example.com" 200 '"expiresIn":900' "${user[@]}"
first=$(member refreshToken)
call POST /api/auth/refresh "{\"refreshToken\": \"$first\"}"
expect refresh 200 '"tokenType":"Bearer"' '"expiresIn":900'
token=$(member accessToken)
refresh=$(member refreshToken)
[ "$refresh" != "$first" ] || fail "refresh gave the same refresh token"
call GET /api/auth/me '' "$token"
expect "me after a refresh" 200 '"email":"user@example.com"' "${user[@]}"
call POST /api/auth/logout "{\"refreshToken\": \"$refresh\"}"
expect "logout by refresh token" 200 '"success":true'
call POST /api/auth/refresh "{\"refreshToken\": \"$refresh\"}"
expect "refresh after logout" 401 '"success":false' '"error":"Authentication failed"' \
  '"message":"Invalid or expired refresh token"' '"detail":"Unauthorized"'
[ -n "$(member request_id)" ] || fail "an error without request_id"

# Change the password, and change it back.
new_address
login username doc@nuxera.ai Abcd1234
other=$(member token)
login username doc@nuxera.ai Abcd1234
token=$(member token)
path=/api/auth/change-password
change='{"currentPassword": "Abcd1234", "newPassword": "1234Acd"}'
call POST $path "$change"
expect "change-password without a token" 401 "${no_token[@]}"
call POST $path '{"currentPassword": "wrong", "newPassword": "1234Acd"}' "$token"
expect "change-password with a wrong password" 400 '"error":"Invalid current password"' \
  '"message":"The current password provided is incorrect"'
call POST $path "$change" "$token"
expect change-password 200 '"success":true' '"message":"Password changed successfully"'
call GET /api/auth/me '' "$token"
expect "me in the session that changed it" 200 '"id":"100"'
call GET /api/auth/me '' "$other"
expect "me in another session" 401 "${no_token[@]}"
call POST $path '{"currentPassword": "1234Acd", "newPassword": "Abcd1234"}' "$token"
expect "change-password back" 200 '"success":true' '"message":"Password changed successfully"'

# A team's own API: API Gateway refuses in its own words, and the rest is that API's.
answered() {
  local what=$1 expected=$2
  shift 2
  [ "$status" = "$expected" ] || fail "$what: status $status, expected $expected"
  for text in "$@"; do
    [[ $body == *"$text"* ]] || fail "$what: the body has no $text"
  done
  echo "ok $what"
}
new_address
login email user@example.com password
token=$(member token)
call GET /api/transcribe '' "$token"
answered "a call of a team's own API" 200 '"user":"1005"' '"tenant_id":"2001"'
call GET '/api/v1/interactions?limit=2' '' "$token"
answered "a page of interactions" 200 '"next_cursor":"2"'
call GET /api/transcribe
answered "the same without a token" 401 '{"message":"Unauthorized"}'
call GET /api/transcribe '' eyJ.bad.token
answered "the same with a bad token" 403 '{"message":"Forbidden"}'
call POST /api/auth/logout '' "$token"
call GET /api/transcribe '' "$token"
answered "the same after logout" 403 '{"message":"Forbidden"}'

echo "client.sh: every answer is as documented"
