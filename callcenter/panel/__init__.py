'''The panel's server side: web server, sign-in, roles, live stream, page frame.

A feature folder adds its API and pages in its own views.py, and app.py hands its `add_routes` to `server.build`:

    class Breaks(ApiView):                                        # panel.api
        """/api/v1/agents/{agent}/break."""

        @requires("phone.use")                                    # panel.rights; or @public: it must say one
        @answers(AgentRow)                                        # for /api/v1/openapi.json
        async def post(self, agent: str, /, wanted: BreakReason) -> web.Response:   # path, Body; others are the query
            """Send an agent on a break."""                       # becomes the description
            user = current_user(self.request)
            if user.agent != agent and not user.has("floor.supervise"):
                raise Problem(403, N_("You may not do this."))    # {"error": ..., "fields": {...}}, in their language
            return web.json_response(await flows.take_break(...))

    def add_routes(app: web.Application) -> None:
        app.router.add_view("/api/v1/agents/{agent}/break", Breaks)
        add_page(app, "/desk", "desk.html", right="calls.take")   # panel.pages

What a view needs (database, floor, ...) travels in a `web.AppKey` of the feature; the panel's are in `panel.keys`.
A change worth remembering goes into the audit trail: `audit.record(session, actor_of(request), "break_started", ...)`.
'''
