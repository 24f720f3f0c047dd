import assert from 'node:assert/strict';
import {
  customerSlug,
  defaultDocumentNumberPrefix,
  draftNumber,
  invoiceNumber,
  parseDocumentNumberPrefix,
} from '../../../billing/invoices/numbering.ts';

const invoice = {
  document_numbering: 'per_customer',
  prefix: 'HOO-1234',
  customer_sequential_id: 2,
  customer_sequence: 7,
  organization_sequence: 10,
  finalized_on: '2023-10-31',
} as const;

describe('the number of an invoice', () => {
  const cases = [
    { more: {}, number: 'HOO-1234-002-007' },
    { more: { customer_sequential_id: 1000, customer_sequence: 12_345 }, number: 'HOO-1234-1000-12345' },
    { more: { document_numbering: 'per_organization' }, number: 'HOO-1234-202310-010' }, // after nine numbered per customer
    {
      more: { document_numbering: 'per_organization', finalized_on: '2023-11-01', organization_sequence: 11 },
      number: 'HOO-1234-202311-011',
    },
    { more: { document_numbering: 'per_organization', organization_sequence: 1000 }, number: 'HOO-1234-202310-1000' },
  ] as const;
  for (const { more, number } of cases) {
    it(`is ${number}`, () => {
      assert.equal(invoiceNumber({ ...invoice, ...more }), number);
    });
  }

  it('does not exist for the 0th invoice', () => {
    assert.throws(() => invoiceNumber({ ...invoice, customer_sequence: 0 }), /assertion failed: numbering/);
  });

  it('of a draft is no number yet', () => {
    assert.equal(draftNumber('HOO-1234'), 'HOO-1234-DRAFT');
  });

  it("of a customer is the customer's place in the organization", () => {
    assert.equal(customerSlug('HOO-1234', 1), 'HOO-1234-001');
    assert.equal(customerSlug('HOO-1234', 1000), 'HOO-1234-1000');
  });
});

describe('the prefix of document numbers', () => {
  const defaults = [
    { name: 'Hooli', prefix: 'HOO-9ABC' },
    { name: 'x', prefix: 'X-9ABC' },
    { name: '3M Company', prefix: '3MC-9ABC' },
    { name: 'A & B Ltd.', prefix: 'ABL-9ABC' },
    { name: 'Über AG', prefix: 'ÜBE-9ABC' },
    { name: '!!!', prefix: '9ABC' },
  ];
  for (const { name, prefix } of defaults) {
    it(`of ${name} is ${prefix} until another is chosen`, () => {
      assert.equal(defaultDocumentNumberPrefix({ name, id: '1a901a90-1a90-1a90-1a90-1a901a909abc' }), prefix);
      assert.equal(parseDocumentNumberPrefix(prefix), prefix);
    });
  }

  const chosen = [
    { text: 'acme', prefix: 'ACME' },
    { text: ' acme ', prefix: 'ACME' },
    { text: 'ten-letter', prefix: 'TEN-LETTER' },
    { text: 'elf-letters', prefix: undefined },
    { text: '', prefix: undefined },
    { text: '   ', prefix: undefined },
  ];
  for (const { text, prefix } of chosen) {
    it(`"${text}" is ${prefix ?? 'refused'}`, () => {
      assert.equal(parseDocumentNumberPrefix(text), prefix);
    });
  }
});
