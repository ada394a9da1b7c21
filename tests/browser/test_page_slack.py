"""The conversation as Slack has it: who sees and may do what, forms, menus, completion, threads, reactions, changes in place."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from simulator.page.look import OLU
from simulator.slack import BOT_USER, GUS, JANE, MIA, OTTO, SUPPORT, Message
from tests.browser.conftest import Visit
from tests.browser.slowness import held


async def send(visit: Visit, text: str) -> None:
    await visit.page.locator("#write").fill(text)
    await visit.page.locator("#write").press("Enter")


def message(visit: Visit, words: str) -> Locator:
    return visit.page.locator(".talk .message").filter(has_text=words)


async def test_an_answer_for_one_person_is_marked_and_seen_by_nobody_else(visit: Visit) -> None:
    await send(visit, "/case help")
    await message(visit, "Only visible to you").wait_for()
    await visit.go(who=MIA)
    await message(visit, "label printer").wait_for()

    assert await message(visit, "Only visible to you").count() == 0


async def test_a_guest_sees_their_channels_only_and_is_refused(visit: Visit) -> None:
    await visit.go(who=GUS)
    await send(visit, "/case help")

    await message(visit, "not for guests").wait_for()
    assert await visit.page.locator(".places").get_by_role("link", name="billing").count() == 0


async def test_somebody_of_another_company_is_refused(visit: Visit) -> None:
    await visit.go(who=OTTO, place="C02BILLING")
    await send(visit, "/case 1003")

    await message(visit, "only for members of the workspace").wait_for()


async def test_people_are_changed_in_the_menu_at_the_top(visit: Visit) -> None:
    await visit.page.get_by_role("button", name="Act as somebody else").click()
    await visit.follow(visit.page.locator("#people").get_by_role("link", name="Olu Adeyemi"))
    await send(visit, "Good morning")

    await message(visit, "Good morning").filter(has_text="Olu Adeyemi").wait_for()


async def test_what_others_do_arrives_by_itself(visit: Visit) -> None:
    await send(visit, "/case show 1003")
    await message(visit, "#1003").get_by_role("button", name="Share").click()
    shared = (
        message(visit, "#1003").filter(has_not_text="Only visible").filter(has=visit.page.get_by_role("button", name="Transfer"))
    )
    await shared.wait_for()
    await visit.stage.slack.command(OLU, SUPPORT, "close 1003")

    await shared.filter(has_text="Closed").filter(has_text="(edited)").wait_for()
    assert visit.stage.desk.case(1003)["status"] == "closed"


async def test_a_message_in_a_thread_stays_there(visit: Visit) -> None:
    await visit.follow(message(visit, "label printer").get_by_role("link", name="2 replies"))
    thread = visit.page.get_by_role("region", name="Thread")
    await thread.locator("textarea").fill("Use the extinguisher")
    await thread.locator("textarea").press("Enter")

    await thread.get_by_text("Use the extinguisher").wait_for()
    await message(visit, "label printer").get_by_role("link", name="3 replies").wait_for()


async def test_a_command_in_a_thread_is_refused_as_slack_does(visit: Visit) -> None:
    await visit.follow(message(visit, "label printer").get_by_role("link", name="2 replies"))
    field = visit.page.get_by_role("region", name="Thread").locator("textarea")
    await field.fill("/case help")
    await field.press("Enter")

    await visit.page.locator("#notices").get_by_text("cannot be used in a thread").wait_for()
    assert await field.input_value() == "/case help"


async def test_reactions_are_added_and_taken_back(visit: Visit) -> None:
    printer = message(visit, "label printer")
    await printer.hover()
    await printer.get_by_role("button", name="Add a reaction").click()
    await visit.page.locator("#reactions").get_by_role("button", name="eyes").click()
    await printer.locator(".reaction").filter(has_text="1").click()

    await printer.locator(".reaction").wait_for(state="detached")


async def test_a_command_is_completed_word_by_word(visit: Visit) -> None:
    field = visit.page.locator("#write")
    for typed, offered, line in (
        ("/", "/case", "/case "),
        ("trans", "transfer", "/case transfer "),
        ("1003", "#1003", "/case transfer 1003 "),
        ("bil", "Billing", "/case transfer 1003 to Billing"),
    ):
        await field.press_sequentially(typed)
        await visit.page.get_by_role("option", name=offered).first.wait_for()
        await field.press("Tab")
        await expect(field).to_have_value(line)

    await field.press("Enter")
    await message(visit, "Billing").first.wait_for()
    assert visit.stage.desk.case(1003)["department"] == "Billing"


async def test_whoever_types_faster_than_completions_come_gets_what_fits_the_last_letter(visit: Visit) -> None:
    field = visit.page.locator("#write")
    await field.fill("/case transfer 1003 ")
    await visit.page.get_by_role("option", name="Support").first.wait_for()
    async with held(visit.page, "complete") as answers:
        await field.press_sequentially("bil")
        await field.press("Tab")
        for typed in ("b", "bi", "bil"):
            await answers.give(f"/case transfer 1003 {typed}")

    await expect(field).to_have_value("/case transfer 1003 to Billing")
    await expect(field).to_be_focused()


async def test_a_completion_that_comes_late_is_not_shown_over_a_newer_one(visit: Visit) -> None:
    field = visit.page.locator("#write")
    async with held(visit.page, "complete") as answers:
        await field.fill("/case t")
        await field.fill("/case tr")
        await answers.give("/case tr")
        await answers.give("/case t")

        assert await visit.page.get_by_role("option", name="transfer").count() == 1
        assert await visit.page.get_by_role("option", name="tag").count() == 0


async def test_nobody_is_held_in_the_field_by_completions_that_do_not_come(visit: Visit) -> None:
    field = visit.page.locator("#write")
    async with held(visit.page, "complete") as answers:
        await field.fill("/case mi")
        await field.press("Tab")
        await field.press("Tab")
        await answers.give("/case mi")

    await expect(field).not_to_be_focused()
    await expect(field).to_have_value("/case mi")


async def test_in_a_menu_too_tab_takes_what_fits_the_last_letter(visit: Visit) -> None:
    await send(visit, "/case open")
    form = visit.page.get_by_role("dialog", name="Open a case")
    department = form.get_by_role("combobox", name="Department")
    await department.click()
    await visit.page.get_by_role("option", name="Support").first.wait_for()
    async with held(visit.page, "typeahead") as answers:
        await department.press_sequentially("onb")
        await department.press("Tab")
        await answers.give("onb")

    await form.locator(".chips").get_by_text("Onboarding").wait_for()


async def test_a_field_that_slack_refuses_says_so_and_nothing_is_sent(visit: Visit) -> None:
    await visit.page.get_by_role("button", name="Shortcuts of the apps").click()
    await visit.page.get_by_role("button", name="New case").click()
    form = visit.page.get_by_role("dialog", name="Open a case")
    await form.get_by_role("textbox", name="email").fill("nobody")
    await form.get_by_role("button", name="Open case").click()

    await form.locator(".fault").filter(has_text="Please complete this required field.").first.wait_for()
    await form.locator(".fault").filter(has_text="Enter an email address.").wait_for()
    assert await form.get_by_role("textbox", name="email").input_value() == "nobody"


async def test_what_was_typed_outlives_the_form_being_drawn_anew(visit: Visit) -> None:
    await send(visit, "/case open")
    form = visit.page.get_by_role("dialog", name="Open a case")
    await form.get_by_role("textbox", name="Summary").fill("Half a sente")
    department = form.get_by_role("combobox", name="Department")
    await department.press_sequentially("onb")
    await visit.page.get_by_role("option", name="Onboarding").click()
    # casebot gives the rep's field another id when its department changed.
    await form.locator("[data-action=rep]:not([data-block=rep])").wait_for()

    await expect(department).to_be_focused()
    await expect(form.get_by_role("textbox", name="Summary")).to_have_value("Half a sente")
    await expect(form.locator(".chips").get_by_text("Onboarding")).to_be_visible()


async def test_a_form_closes_by_escape_and_the_cursor_returns(visit: Visit) -> None:
    await visit.page.get_by_role("button", name="Shortcuts of the apps").click()
    await visit.page.get_by_role("button", name="New case").click()
    await visit.page.get_by_role("dialog", name="Open a case").locator("input").first.wait_for()
    await visit.page.keyboard.press("Escape")

    await visit.page.get_by_role("dialog").wait_for(state="detached")
    assert visit.stage.slack.views(JANE) == []


async def test_a_button_that_asks_first_is_pressed_only_after_a_yes(visit: Visit) -> None:
    asks = {"title": {"type": "plain_text", "text": "Sure?"}, "text": {"type": "plain_text", "text": "It is gone then."}}
    words = {name: {"type": "plain_text", "text": label} for name, label in (("confirm", "Do it"), ("deny", "Keep it"))}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Delete"}, "action_id": "a", "confirm": asks | words}
    blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
    visit.stage.slack.put(Message(SUPPORT, "", BOT_USER, "Delete", blocks, by_bot=True))

    def pressed() -> bool:
        return any(wish.title == "press Delete" for wish in visit.stage.exchanges.wishes)

    await visit.page.get_by_role("button", name="Delete").click()
    await visit.page.get_by_role("button", name="Keep it").click()
    assert not pressed()
    await visit.page.get_by_role("button", name="Delete").click()
    await visit.page.get_by_role("button", name="Do it").click()

    assert await visit.stage.slack.until(pressed)


async def test_views_are_stacked_and_the_one_below_returns(visit: Visit) -> None:
    slack = visit.stage.slack
    titled = [{"type": "modal", "title": {"type": "plain_text", "text": name}, "blocks": []} for name in ("Below", "Above")]
    below = slack.put_view(slack.new_view(JANE, titled[0]))
    slack.put_view(slack.new_view(JANE, titled[1], above=below))
    await visit.page.get_by_role("dialog", name="Above").get_by_role("button", name="Close").click()

    await visit.page.get_by_role("dialog", name="Below").wait_for()


async def test_the_home_shows_my_cases_and_finds_a_customers(visit: Visit) -> None:
    await visit.follow(visit.page.locator(".places").get_by_role("link", name="App Home"))
    field = visit.page.get_by_role("textbox", name="by email")
    await field.fill("jane@example.com")
    await field.press("Enter")

    await visit.page.get_by_role("dialog").get_by_text("Cases of jane@example.com").first.wait_for()
