"""The practice Slack: its workspace, its Web API, its events and clicks. `PracticeSlack` joins them all."""
