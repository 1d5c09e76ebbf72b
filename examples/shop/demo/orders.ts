/** An order that the demo placed, with what the shop answered. */
export interface PlacedOrder {
  readonly sku: string
  readonly status: number
  /** The order's id, where it was accepted. */
  readonly id: string | undefined
  readonly durationMs: number
}

// A book is the story. Gold is above the limit of the card, glass jams the label printer twice, a grand piano is paid
// slowly, and all of them together make a batch of stock reservations.
const WANTED = [
  { sku: 'book', amount: 30 },
  { sku: 'gold-bar', amount: 5000 },
  { sku: 'glass', amount: 80 },
  { sku: 'grand-piano', amount: 900 },
  { sku: 'lamp', amount: 45 },
  { sku: 'chair', amount: 120 },
]

/** Places all orders at once, over HTTP, as a customer's browser would: with no trace context. */
export function placeOrders(url: string, signal: AbortSignal): Promise<PlacedOrder[]> {
  return Promise.all(WANTED.map((order) => placeOrder(url, order, signal)))
}

async function placeOrder(
  url: string,
  order: { sku: string; amount: number },
  signal: AbortSignal,
): Promise<PlacedOrder> {
  const start = performance.now()
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
  })
  const answer = (await response.json()) as { id?: string }
  return {
    sku: order.sku,
    status: response.status,
    id: answer.id,
    durationMs: performance.now() - start,
  }
}
