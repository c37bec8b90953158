"""The URLs of the chat, which Signalman serves as those of any app in SIGNALMAN_APPS."""

from __future__ import annotations

from django.urls import include, path

from examples.chat.views import ChatNegotiation, ChatPage
from upstreams.negotiation import negotiation_urls

urlpatterns = [
    path("chat/", ChatPage.as_view(), name="chat"),
    path("negotiate/", include(negotiation_urls(ChatNegotiation))),
]
