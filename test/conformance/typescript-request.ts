import type { CompletionOptions, RequestOptions, SelectorOptions } from "ate-dispatcher-client";
import type { CompletionFields, RequestFields, SelectorFields } from "./protocol.js";

/** Converts the fields of a request to options of the client. Absent fields stay unset. */
export function requestOptions(fields: Partial<RequestFields>): RequestOptions {
  return defined<RequestOptions>({
    args: fields.args,
    kwargs: fields.kwargs,
    data: fields.data === undefined ? undefined : Buffer.from(fields.data, "base64"),
    contentType: fields.content_type,
    attributes: fields.attributes,
    ttlMs: fields.ttl_ms,
    requestId: fields.request_id,
    context: fields.context,
    completion: fields.completion && completionOptions(fields.completion),
    selector: fields.selector && selectorOptions(fields.selector),
    noProducersAction: fields.no_producers_action,
    unary: fields.unary,
  });
}

function completionOptions(fields: CompletionFields): CompletionOptions {
  return defined<CompletionOptions>({
    resultCount: fields.result_count,
    quorumPercent: fields.quorum_percent,
    firstSuccess: fields.first_success,
    stallTimeoutMs: fields.stall_timeout_ms,
    minResults: fields.min_results,
    countErrors: fields.count_errors,
    loserAction: fields.loser_action,
  });
}

function selectorOptions(fields: SelectorFields): SelectorOptions {
  return defined<SelectorOptions>({
    producerIds: fields.producer_ids,
    matchLabels: fields.match_labels,
    maxTargets: fields.max_targets,
  });
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Removes fields that are undefined or null. */
function defined<T extends object>(options: Loose<T>): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  ) as T;
}
