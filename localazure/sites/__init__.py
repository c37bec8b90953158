"""The hosts of Function Apps and Web Apps: how they accept and refuse requests.

A request meets, in this order, App Service's front end (`front_end`), its built-in authentication
(`easy_auth`) and the Functions host (`functions_host`). `delivery.deliver` is the entry point; no
function's own code runs here.
"""
