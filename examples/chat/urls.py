"""The URLs of the chat. Signalman serves the URLs of each app in SIGNALMAN_APPS."""

from __future__ import annotations

from django.urls import include, path

from examples.chat.views import ChatNegotiation, ChatPage
from upstreams.negotiation import negotiation_urls

urlpatterns = [
    path("chat/", ChatPage.as_view(), name="chat"),
    path("negotiate/", include(negotiation_urls(ChatNegotiation))),
]
