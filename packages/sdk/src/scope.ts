export const NAME = '@throughline/sdk'
