import { MalformedRequestError } from './otlp-field.ts'

/**
 * 64-bit integers written as JSON numbers, which JSON.parse would round. An unescaped quote after the name
 * cannot occur inside a JSON string, so only keys match.
 */
const LARGE_INTEGERS = /((?:TimeUnixNano|timeUnixNano|intValue)"\s*:\s*)(-?\d{16,20})(?=\s*[,}])/g

/** Parses an OTLP/JSON body and keeps its 64-bit integers exact, as strings. */
export function parseJson(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    return JSON.parse(text.replace(LARGE_INTEGERS, '$1"$2"'))
  } catch (error) {
    throw new MalformedRequestError('the body is not JSON', { cause: error })
  }
}
