// What a person can do with a message from its menu: forward it, and edit or delete one's own.

import { act, me, sees } from "./asker.js";
import { confirmed, written } from "./dialogs.js";
import { openMenu } from "./menu.js";
import { beginning, typedText } from "./mrkdwn.js";
import { texts } from "./texts.js";

const MOST_THREADS = 20; // the newest, to which a message can be forwarded

export class MessageActions {
  // `world` returns the people and channels, `messages` all messages, oldest first; `titleOf` names a channel;
  // `failed` shows that an action did not work, `went` opens the place to which a message was forwarded.
  constructor(world, messages, titleOf, failed, went) {
    Object.assign(this, { world, messages, titleOf, failed, went });
  }

  // Opens the menu of a message beside its button.
  open(message, opener) {
    const own = message.user === me();
    const items = [[texts.forward, () => this.forward(message)]];
    if (own) items.push([texts.edit, () => this.edit(message)], [texts.remove, () => this.remove(message)]);
    openMenu(opener, items);
  }

  async edit(message) {
    const { people } = this.world();
    const label = texts.editLabel;
    const changed = await written({ title: texts.editTitle, label, text: typedText(message.text, people), action: texts.save });
    if (changed) await this.tell("/page/edit", { ...placeOf(message), text: changed.text });
  }

  async remove(message) {
    const quote = beginning(message.text, this.world().people);
    const words = { title: { text: texts.removeTitle }, text: { text: quote ? texts.removeText(quote) : "" } };
    const agreed = await confirmed({ ...words, confirm: { text: texts.remove }, deny: { text: texts.cancel }, style: "danger" });
    if (agreed) await this.tell("/page/delete", placeOf(message));
  }

  async forward(message) {
    const { people } = this.world();
    const quote = `${people[message.user]?.name ?? message.user}: ${beginning(message.text, people, 200)}`;
    const words = { title: texts.forwardTitle, label: texts.forwardLabel, action: texts.forwardDo };
    const chosen = await written({ ...words, quote, targets: this.targets(message) });
    if (!chosen) return;
    const [channel, thread_ts] = chosen.target.split("/");
    const sent = await this.tell("/page/forward", { channel, thread_ts, text: chosen.text, shared: placeOf(message) });
    if (sent) this.went(channel, thread_ts ?? "");
  }

  // Returns where a message can be forwarded to: the channels, then the threads in them, the newest first.
  targets(message) {
    const { channels, people } = this.world();
    const seen = channels.filter(sees);
    const places = seen.map((channel) => [channel.id, channel.kind === "im" ? `${texts.direct}: ${channel.name}` : this.titleOf(channel)]);
    const all = this.messages();
    const answered = new Set(all.filter((each) => !each.only_for).map((each) => `${each.channel} ${each.thread_ts}`));
    const parents = all.filter((each) => answered.has(`${each.channel} ${each.ts}`) && seen.some((channel) => channel.id === each.channel));
    const threads = parents.filter((each) => each.ts !== (message.thread_ts ?? message.ts)).reverse().slice(0, MOST_THREADS);
    return [...places, ...threads.map((each) => [`${each.channel}/${each.ts}`, texts.inThread(beginning(each.text, people, 30))])];
  }

  // Posts an action; returns true if it was done, else shows that it was not.
  async tell(path, value) {
    const done = await act(path, value).catch(() => null);
    if (!done) this.failed();
    return Boolean(done);
  }
}

const placeOf = ({ channel, ts }) => ({ channel, ts });
