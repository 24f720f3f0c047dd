/** A queue each for database work, for Puppeteer and for slow networks, so that none holds up another. */
export const taskQueues = { billing: 'billing', documents: 'documents', integrations: 'integrations' } as const;
