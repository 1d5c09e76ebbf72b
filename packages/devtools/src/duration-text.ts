/** Writes a duration in at most eight columns: `250 µs`, `1.2 ms`, `142 ms`, `1.42 s`, `2 m 05 s`, `3 h 12 m`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0 ms'
  // Each limit is where the next unit would be reached by rounding.
  if (ms < 0.9995) return `${Math.max(1, Math.round(ms * 1000))} µs`
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return pair(seconds, 'm', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 6000) return pair(minutes, 'h', 'm')
  return `${Math.round(minutes / 1440)} d`
}

function pair(value: number, large: string, small: string): string {
  return `${Math.floor(value / 60)} ${large} ${String(value % 60).padStart(2, '0')} ${small}`
}
