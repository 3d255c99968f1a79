// One scenario with the vendor's client. Takes its options as JSON and prints what it saw as JSON.
import { PayloadSDK } from '@payloadcms/sdk'

const { baseURL, headers, client, invoice } = JSON.parse(process.argv[2])
const sdk = new PayloadSDK({ baseURL, baseInit: { headers } })
const { Authorization, ...unsigned } = headers
const stranger = new PayloadSDK({ baseURL, baseInit: { headers: unsigned } })

const refusal = async (call) => {
  try {
    return { answered: await call() }
  } catch (error) {
    return { status: error.status, errors: error.errors }
  }
}

const found = await sdk.find({
  collection: 'clients', where: { status: { equals: 'active' } }, limit: 3, sort: 'name', depth: 0,
})
const read = await sdk.findByID({ collection: 'invoices', id: invoice, depth: 2 })
const made = await sdk.create({ collection: 'clients', data: { name: 'Made by the SDK' } })
const changed = await sdk.update({ collection: 'clients', id: made.id, data: { status: 'inactive' } })
const { docs: queried } = await sdk.find({
  collection: 'invoices',
  where: {
    or: [
      { client: { equals: client } },
      { and: [{ total: { greater_than: 2000 } }, { status: { in: ['sent', 'overdue'] } }] },
    ],
  },
  sort: ['-dueDate'],
  limit: 100,
})
const gone = await sdk.delete({ collection: 'clients', id: made.id })
const after = await refusal(() => sdk.findByID({ collection: 'clients', id: made.id }))
const invalid = await refusal(() => sdk.create({ collection: 'clients', data: { name: 'x', email: 'nobody' } }))
const unqueryable = await refusal(() => sdk.find({ collection: 'clients', where: { colour: { equals: 'red' } } }))
const unauthenticated = await refusal(() => stranger.find({ collection: 'clients' }))

process.stdout.write(
  JSON.stringify({ found, read, made, changed, queried, gone, after, invalid, unqueryable, unauthenticated }),
)
