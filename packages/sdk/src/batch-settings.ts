/** The settings of the batch processor, from the variables that the SDK specification names. Absent or bad: its default. */
export function batchSettings(env: NodeJS.ProcessEnv = process.env): BatchSettings {
  const settings: Partial<Record<keyof BatchSettings, number>> = {}
  for (const [name, variable] of VARIABLES) {
    const value = Number(env[variable] || Number.NaN)
    if (Number.isInteger(value) && value > 0) settings[name] = value
  }
  return settings
}

export interface BatchSettings {
  readonly scheduledDelayMillis?: number
  readonly exportTimeoutMillis?: number
  readonly maxQueueSize?: number
  readonly maxExportBatchSize?: number
}

const VARIABLES: readonly (readonly [keyof BatchSettings, string])[] = [
  ['scheduledDelayMillis', 'OTEL_BSP_SCHEDULE_DELAY'],
  ['exportTimeoutMillis', 'OTEL_BSP_EXPORT_TIMEOUT'],
  ['maxQueueSize', 'OTEL_BSP_MAX_QUEUE_SIZE'],
  ['maxExportBatchSize', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
]
