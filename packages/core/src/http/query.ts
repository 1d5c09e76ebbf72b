// Signatures and credentials that cloud storage puts into URLs: HTTP semantic conventions 1.44, `url.query`.
const SENSITIVE: readonly string[] = [
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
]

/** The query without the values of signature parameters. Costs a search only while none of them is there. */
export function redactQuery(query: string): string {
  if (!SENSITIVE.some((key) => query.includes(key))) return query
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals > 0 && SENSITIVE.includes(pair.slice(0, equals))
        ? `${pair.slice(0, equals)}=REDACTED`
        : pair
    })
    .join('&')
}
