#!/usr/bin/env bash
# Applies the desired state of one resource group's instances through Signalman's API.
# Reads SIGNALMAN_URL, SIGNALMAN_TOKEN, RESOURCE_GROUP and RUN, the name of this pipeline run. Plans
# that remove what cannot be restored are refused unless CONFIRM_DESTRUCTIVE is true.
set -euo pipefail

request() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $SIGNALMAN_TOKEN" "$@"; }
pick() { python3 -c "import json, sys; answer = json.load(sys.stdin); print($1)"; }
refusals='"\n".join(each["instance"] + ": " + each["detail"] for each in answer["refusals"])'

filter="policy=manage&resource_group=$RESOURCE_GROUP"
plan=$(request "$SIGNALMAN_URL/api/v1/plan/?$filter")
steps=$(pick '"\n".join(plan["instance"] + ": " + step["title"] for plan in answer["plans"] for step in plan["steps"])' <<<"$plan")
refused=$(pick "$refusals" <<<"$plan")
echo "${steps:-Nothing to do.}"

if [ -n "$steps" ]; then
  # The digest of the printed plan: if the plan changed, nothing is started.
  digest=$(pick 'answer["digest"]' <<<"$plan")
  started=$(request "$SIGNALMAN_URL/api/v1/apply/?$filter" --request POST \
    --header "Content-Type: application/json" --header "Idempotency-Key: $RUN" \
    --data "{\"digest\": \"$digest\", \"confirm_destructive\": ${CONFIRM_DESTRUCTIVE:-false}}")
  refused=$(pick "$refusals" <<<"$started")
  for id in $(pick '" ".join(each["id"] for each in answer["operations"])' <<<"$started"); do
    while true; do
      operation=$(request "$SIGNALMAN_URL/api/v1/operations/$id/")
      state=$(pick 'answer["state"]' <<<"$operation")
      case $state in queued | running) sleep "${PAUSE:-5}" ;; *) break ;; esac
    done
    echo "$id: $state"
    [ "$state" = succeeded ] || refused="$refused"$'\n'"Operation $id ended with the state $state."
  done
fi
if [ -n "$refused" ]; then
  echo "$refused" >&2
  exit 1
fi
