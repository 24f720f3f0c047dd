import { createTransport } from 'nodemailer';

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The name that we greet the server with; undefined: this machine's. */
  readonly domain: string | undefined;
  readonly from: string;
}

export interface Mail {
  /** The same mail sent twice has the same one: servers and readers recognize it. */
  readonly message_id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The way to a mail server. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}

export function createMailer({ host, port, username, password, domain, from }: MailSettings): Mailer {
  const transport = createTransport({
    host,
    port,
    secure: port === 465,
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    ...(domain !== undefined && { name: domain }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  });
  return {
    async send({ message_id, to, subject, text }) {
      const host_part = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');
      await transport.sendMail({ from, to, subject, text, messageId: `<${message_id}@${host_part}>` });
    },
  };
}
