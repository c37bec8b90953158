"""Who may use Signalman, and as what: roles, personal access tokens, and the API's conventions."""
