"""The practice Slack: its workspace, its Web API, its events; and PracticeSlack, which is all of them."""
