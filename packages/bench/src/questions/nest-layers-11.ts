import { nestLayers } from '../nest-layers.ts'
import type { Question } from '../question.ts'

export const question: Question = nestLayers('11')
