import { checkOption, InvalidOptionError } from '@throughline/core/integration'

const INSTRUMENT_LAYERS = [
  'guards',
  'pipes',
  'interceptors',
  'interceptorsAfter',
  'filters',
  'middleware',
  'handlers',
  'messages',
  'gateways',
  'schedules',
  'events',
  'cqrs',
  'jobs',
] as const

/** What `tracingInstrument` traces, by layer. */
export type InstrumentLayer = (typeof INSTRUMENT_LAYERS)[number]

/** The layers to trace or to leave out; one that is not named has its default. */
export type InstrumentLayers = Readonly<Partial<Record<InstrumentLayer, boolean>>>

/** Answers whether a layer is traced. Throws for a layer that does not exist, so that no misspelling goes unnoticed. */
export function instrumentLayers(
  owner: string,
  layers: InstrumentLayers = {},
): (layer: InstrumentLayer) => boolean {
  if (typeof layers !== 'object' || layers === null) {
    throw new InvalidOptionError(owner, 'layers', 'an object', layers)
  }
  const known: readonly string[] = INSTRUMENT_LAYERS
  for (const [layer, value] of Object.entries(layers)) {
    if (!known.includes(layer)) {
      throw new InvalidOptionError(owner, 'layers', known.map((k) => `"${k}"`).join(', '), layer)
    }
    checkOption(owner, `layers.${layer}`, value, 'boolean')
  }
  return (layer) => layers[layer] ?? layer !== 'interceptorsAfter'
}
