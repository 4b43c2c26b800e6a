#!/usr/bin/env bash
# A machine's client of Gatehouse, written with curl.
#
#     API_KEY=gatehouse_… bash machine.sh http://127.0.0.1:9000
#
# Signs in by its API key, stays signed in by TRACE, and asks whether it is. Ends with exit code 1 and
# one line at the first answer that is not as documented.
set -euo pipefail

fail() { echo "machine.sh: $1" >&2; exit 1; }
[ $# -eq 1 ] && [ -n "${API_KEY-}" ] || fail "usage: API_KEY=… machine.sh BASE_URL"
base=${1%/} key=$API_KEY
# Attempts are limited by address (Linux).
address="127.26.$((RANDOM % 256)).$((1 + RANDOM % 254))"

# expect WHAT STATUS MEMBER... -- CURL_OPTION...: the answer has this status and these members.
expect() {
  local what=$1 expected=$2 members=()
  shift 2
  while [ "$1" != -- ]; do members+=("$1"); shift; done
  shift
  local answer
  answer=$(curl --silent --show-error --max-time 30 --interface "$address" --write-out '\n%{http_code}' "$@")
  body=${answer%$'\n'*}
  [ "${answer##*$'\n'}" = "$expected" ] || fail "$what: status ${answer##*$'\n'}, expected $expected"
  for text in "${members[@]}"; do
    [[ $body == *"$text"* ]] || fail "$what: the body has no $text"
  done
  echo "ok $what"
}

# member NAME: the text of a member of the body.
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$body"; }

expect "sign in" 200 '"token_type":"Bearer"' '"expires_in":1209600' '"refresh_expires_in":1296000' -- \
  --request POST --header "x-api-key: $key" "$base/v1/auth"
first=$(member refresh_token)
expect "refresh by TRACE" 200 '"token_type":"Bearer"' -- \
  --request TRACE --header "Authorization: Bearer $first" "$base/v1/auth"
second=$(member refresh_token)
[ "$second" != "$first" ] || fail "the refresh token is the same"
expect "refresh by TRACE with a body" 200 '"expires_in":1209600' -- --request TRACE \
  --header 'Content-Type: application/json' --data "{\"refresh_token\": \"$second\"}" "$base/v1/auth"
access=$(member access_token)
third=$(member refresh_token)
expect "the status" 200 '"active":true' '"scope":"notes:read notes:write read:users"' -- \
  --request TRACE --header "Authorization: Bearer $access" "$base/v1/auth"
expect "a team's own API" 200 '"user":"nudgescribe-demo"' '"tenant_id":"nudgescribe"' -- \
  --header "Authorization: Bearer $access" "$base/api/transcribe"
expect "refresh by POST" 200 '"token_type":"Bearer"' -- \
  --header 'Content-Type: application/json' --data "{\"refresh_token\": \"$third\"}" "$base/v1/auth/refresh"
expect "a wrong key" 401 '"message":"Invalid API key"' -- \
  --request POST --header "x-api-key: ${key}x" "$base/v1/auth"
expect "another method" 405 '"message":"POST, TRACE"' -- "$base/v1/auth"

echo "machine.sh: every answer is as documented"
