"""The practice Slack, a double of Slack: workspace, Web API, files, events and clicks; `PracticeSlack` joins them."""
