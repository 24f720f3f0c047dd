import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { createMailer } from '../../activities/mail/mailer.ts';

describe('mail', () => {
  it('goes to the configured server, under the sender’s name and an id of its own', async () => {
    const received: Buffer[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          received.push(Buffer.concat(chunks));
          done();
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;
    const settings = { host: '127.0.0.1', port, username: undefined, password: undefined, domain: 'billing.example' };
    const mailer = createMailer({ ...settings, from: 'Billing <billing@acme.example>' });
    await mailer.send({ message_id: 'export-1', to: 'a@b.example', subject: 'Ready', text: 'A link' });
    await new Promise<void>((resolve) => server.close(resolve));

    const mail = await simpleParser(received[0]!);
    assert.equal(mail.messageId, '<export-1@acme.example>');
    assert.equal(mail.subject, 'Ready');
    assert.equal(mail.text?.trim(), 'A link');
    assert.equal(mail.from?.text, '"Billing" <billing@acme.example>');
  });
});
