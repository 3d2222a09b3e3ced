using Superfactory.Cli.Api;
using Superfactory.Cli.Display;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Display;

public sealed class RunDisplayTests
{
    private static readonly TimeSpan _now = TimeSpan.FromSeconds(100);

    [Fact]
    public void Nothing_heard_yet_says_so() =>
        RunDisplayText.Lines(new RunDisplay(), _now, 100).ShouldBe(["waiting for the control plane …"]);

    [Fact]
    public void Running_job_shows_each_island_and_a_bar()
    {
        var display = Running(step: 100);

        RunDisplayText.Lines(display, _now, 100).ShouldBe(
        [
            "job 7  docs-gpt  running",
            "██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  25 %  step 100 of 400",
            "site             loss   tokens/s  merges   WAN sent",
            "wisconsin       2.500      9,100       3    12.3 MB",
            "atlanta         2.600      8,900       3      11 MB  waits for wisconsin",
        ]);
    }

    [Fact]
    public void Time_left_follows_from_the_speed_since_the_run_began_to_move()
    {
        var display = Running(step: 100);
        var later = Measured(display, 200, TimeSpan.FromSeconds(140));

        later.Left(TimeSpan.FromSeconds(140)).ShouldBe(TimeSpan.FromSeconds(80));
        RunDisplayText.Lines(later, TimeSpan.FromSeconds(140), 100)[1].ShouldEndWith("50 %  step 200 of 400  1:20 left");
    }

    [Fact]
    public void Time_left_is_unknown_before_anything_moved() => Running(step: 100).Left(_now).ShouldBeNull();

    [Fact]
    public void Waiting_job_shows_its_reason_and_no_time()
    {
        var display = Measured(Running(100), 200, _now).With(
            new JobEvent.Changed(Views.Job(JobState.Waiting, "waits for site atlanta: its agent was last heard 6 s ago", 0.4, Views.Island("wisconsin"), Views.Island("atlanta"))), _now);

        var lines = RunDisplayText.Lines(display, _now, 100);

        lines[0].ShouldBe("job 7  docs-gpt  waiting: waits for site atlanta: its agent was last heard 6 s ago");
        lines[1].ShouldNotContain("left");
    }

    [Fact]
    public void Lost_control_plane_is_said_and_forgotten_when_it_is_back()
    {
        var lost = Running(100).With(new JobEvent.Unreachable("The control plane cannot be reached."), _now);

        RunDisplayText.Lines(lost, _now, 100)[^1].ShouldBe("The control plane cannot be reached. The job goes on without it; trying again …");
        Measured(lost, 150, _now).Unreachable.ShouldBeNull();
    }

    [Fact]
    public void Completed_job_is_full_whatever_was_counted_before()
    {
        var display = Running(100).With(new JobEvent.Changed(Views.Job(JobState.Completed, "everything planned is merged", 1, Views.Island("wisconsin", 400), Views.Island("atlanta", 400))), _now);

        display.Fraction.ShouldBe(1);
        RunDisplayText.Line(display, _now).ShouldBe("completed: everything planned is merged");
    }

    [Fact]
    public void Measurement_older_than_what_is_known_changes_nothing()
    {
        var display = Running(100);

        display.With(new JobEvent.Measured(Views.Measured("atlanta", 50, 9, 9)), _now).Islands[1].ShouldBe(display.Islands[1]);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    public void No_line_is_wider_than_the_terminal(int width) =>
        RunDisplayText.Lines(Running(100), _now, width).ShouldAllBe(line => line.Length <= width);

    [Fact]
    public void One_line_says_the_same_for_output_that_is_no_terminal() =>
        RunDisplayText.Line(Running(100), _now).ShouldBe(
            "25 %  step 100 of 400; wisconsin loss 2.500 at 9,100 tokens/s; atlanta loss 2.600 at 8,900 tokens/s (waits for wisconsin); 3 merges, 23.3 MB over the WAN");

    [Fact]
    public void Plain_output_gets_a_line_for_each_state_each_tenth_and_each_ten_seconds()
    {
        var pace = new PlainPace();
        var display = Running(100);

        pace.Next(new RunDisplay(), TimeSpan.Zero).ShouldBeNull();
        pace.Next(display, _now).ShouldNotBeNull();
        pace.Next(display, _now).ShouldBeNull();
        pace.Next(Measured(display, 110, _now), _now).ShouldBeNull();
        pace.Next(Measured(display, 141, _now), _now).ShouldNotBeNull();
        pace.Next(Measured(display, 142, _now), _now + TimeSpan.FromSeconds(10)).ShouldNotBeNull();
        pace.Next(display.With(new JobEvent.Unreachable("Gone."), _now), _now).ShouldNotBeNull();
    }

    private static RunDisplay Running(long step) =>
        Measured(
            new RunDisplay().With(
                new JobEvent.Changed(Views.Job(islands: [Views.Island("wisconsin", 100, 3, 12_300_000), Views.Island("atlanta", 100, 3, 11_000_000, "waits for wisconsin")])),
                _now),
            step,
            _now);

    private static RunDisplay Measured(RunDisplay display, long step, TimeSpan now) => display
        .With(new JobEvent.Measured(Views.Measured("wisconsin", step, 2.5, 9100)), now)
        .With(new JobEvent.Measured(Views.Measured("atlanta", step, 2.6, 8900)), now);
}
