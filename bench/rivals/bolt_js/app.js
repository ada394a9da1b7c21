// Bolt for JavaScript with a listener for every id that casebot answers, as https://docs.slack.dev/tools/bolt-js/ shows it.
// The command comes last, as the newest listener would.
const { readFileSync } = require('node:fs');
const { App, LogLevel } = require('@slack/bolt');

const [port, path] = process.argv.slice(2);
const told = JSON.parse(readFileSync(path, 'utf-8'));

const app = new App({
  token: told.token,
  signingSecret: told.secret,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: told.slack },
});

const acknowledge = async ({ ack }) => ack();

for (const event of told.events) app.event(event, async () => {});
for (const shortcut of told.shortcuts) app.shortcut(shortcut, acknowledge);
for (const field of told.options) {
  app.options(field, async ({ ack }) => ack({ options: [{ text: { type: 'plain_text', text: 'Support' }, value: '1' }] }));
}
for (const form of told.submissions) app.view(form, acknowledge);
for (const action of told.actions) app.action(action, acknowledge);
app.command('/case', async ({ ack }) => ack(told.card));

app.start({ port: Number(port), host: '127.0.0.1' });
