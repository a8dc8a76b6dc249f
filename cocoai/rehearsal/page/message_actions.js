// What a person can do with a message from its menu: react to it, have the app do something with it, see what a phone
// shows of it, forward it, and edit or delete one's own.

import { act, me, sees } from "./asker.js";
import { confirmed, shown, written } from "./dialogs.js";
import { PICKED, emoji, spokenEmoji } from "./emoji.js";
import { openMenu } from "./menu.js";
import { beginning, typedText } from "./mrkdwn.js";
import { notification } from "./notification.js";
import { texts } from "./texts.js";

// The app's shortcuts by their callback_ids. Slack shows everybody the names of the app's manifest, in any language.
const SHORTCUTS = { cocoai_summarize: "要約 Summarize", cocoai_translate: "翻訳 Translate", cocoai_proofread: "校正 Proofread", cocoai_ask: "質問 Ask CocoAI" };
const MOST_THREADS = 20; // the newest, to which a message can be forwarded

export class MessageActions {
  // `world` returns the people and channels, `messages` all messages, oldest first; `titleOf` names a channel;
  // `failed` shows that an action did not work, and perhaps why, `went` opens the place to which a message was forwarded.
  constructor(world, messages, titleOf, failed, went) {
    Object.assign(this, { world, messages, titleOf, failed, went });
  }

  // Opens the menu of a message beside its button: the app's shortcuts first.
  open(message, opener) {
    const note = this.world().people[this.world().bot].name;
    const items = Object.entries(SHORTCUTS).map(([id, label]) => ({ label, note, act: () => this.shortcut(message, id) }));
    items.push({ label: texts.phone, act: () => this.notify(message) }, { label: texts.forward, act: () => this.forward(message) });
    if (message.user === me()) {
      items.push({ label: texts.edit, act: () => this.edit(message) }, { label: texts.remove, act: () => this.remove(message) });
    }
    openMenu(opener, texts.more, items);
  }

  // Opens the picker of reactions beside its button.
  pick(message, opener) {
    const items = PICKED.map((name) => ({ label: emoji(name), name: spokenEmoji(name), act: () => this.react(message, name, true) }));
    openMenu(opener, texts.addReaction, items, 6);
  }

  // Adds the person's reaction to a message, or takes it back: whichever has not been done, unless `on` says which.
  async react(message, name, on = !message.reactions[name]?.includes(me())) {
    await this.tell("/page/react", { ...placeOf(message), name, on });
  }

  // Has the app do something with a message, and shows if it does not take that.
  async shortcut(message, id) {
    const { failure } = await act("/page/shortcut", { ...placeOf(message), callback_id: id }).catch(() => ({ failure: "http_timeout" }));
    if (failure) this.failed(texts.clickFailed(texts.failure(failure)));
  }

  // Shows the notification of a message as a phone does.
  notify(message) {
    const { channels, people } = this.world();
    const place = channels.find((each) => each.id === message.channel);
    shown(people[message.user]?.name ?? message.user, place.kind === "im" ? "" : this.titleOf(place), notification(message, people));
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
    if (!done) this.failed(texts.failed);
    return Boolean(done);
  }
}

const placeOf = ({ channel, ts }) => ({ channel, ts });
