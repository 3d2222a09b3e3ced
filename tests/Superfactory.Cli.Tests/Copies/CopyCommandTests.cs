using System.Net;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Copies;
using Superfactory.Cli.Tests.Api;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Copies;

namespace Superfactory.Cli.Tests.Copies;

public sealed class CopyCommandTests
{
    private static readonly CopyView _copy = new()
    {
        Id = 7,
        Source = new CopyPlace("wisconsin", "/a"),
        Destination = new CopyPlace("atlanta", "/b"),
        State = CopyState.Running,
        Reason = "It goes on.",
        RequestedUnixMilliseconds = 1_000,
        Progress = new CopyProgress { Files = 4, FilesDone = 1, Bytes = 2_000_000, BytesDone = 500_000, Counted = true, BytesPerSecond = 100_000, BytesReceived = 400_000, BytesKept = 100_000 },
    };

    [Theory]
    [InlineData("superfactory: source: '/a' names no site: expected a site, a colon and a path, such as atlanta:/data/run-7.", "/a", "atlanta:/b")]
    [InlineData("superfactory: destination: 'atlanta:' has no path: expected a site, a colon and a path, such as atlanta:/data/run-7. 'atlanta:.' is all of the site's directory of corpora.", "wisconsin:/a", "atlanta:")]
    public async Task Wrong_place_is_refused_without_a_control_plane(string message, string source, string destination)
    {
        var ran = await CommandProcess.RunAsync("copy", source, destination);

        ran.Message.ShouldBe(message);
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public void Copy_is_drawn_as_a_bar_with_amounts_rate_and_time_left()
    {
        var lines = CopyText.Lines(_copy, unreachable: null, width: 120);

        lines[0].ShouldBe("copy 7  wisconsin:/a → atlanta:/b  running");
        lines[1].ShouldBe($"{new string('█', 7)}{new string('░', 23)}  25 %  500 kB of 2 MB  1 of 4 files  100 kB/s  0:15 left");
        CopyText.Lines(_copy, "The control plane is gone.", width: 60)[2].ShouldEndWith("…");
        CopyText.Fraction(_copy with { Progress = null }).ShouldBe(0);
        CopyText.Fraction(_copy with { Progress = new CopyProgress { Files = 4, FilesDone = 1 } }).ShouldBe(0.25);
    }

    [Fact]
    public void End_of_a_copy_says_what_was_sent_and_what_was_there()
        => CopyText.Result(_copy with { State = CopyState.Completed, EndedUnixMilliseconds = 3_000, Progress = _copy.Progress! with { FilesDone = 4, BytesDone = 2_000_000, LeftOut = 2 } })
            .ShouldBe("4 files, 2 MB, verified; 400 kB sent, 100 kB were there or zeros; 2 s, 1 MB/s; 2 links and special files left out.");

    [Fact]
    public async Task Copy_is_followed_through_an_outage_of_the_control_plane_to_its_end()
    {
        using var client = new ScriptedControl().Answers(
            "/v1/copies/7",
            ScriptedControl.Json(_copy), ScriptedControl.Gone(), ScriptedControl.Gone(),
            ScriptedControl.Json(_copy with { State = CopyState.Failed, Reason = "The disk at site atlanta is full." })).Client();
        var output = new StringWriter();

        var ended = await CopyFollower.FollowAsync(new Terminal(output, TextWriter.Null, isInteractive: false, new InstantTime()), client, _copy, TestContext.Current.CancellationToken);

        ended.Value.ShouldNotBeNull().State.ShouldBe(CopyState.Failed);
        output.ToString().ShouldContain("25 %");
        output.ToString().ShouldContain("Connection refused");
        output.ToString().ShouldContain("failed: The disk at site atlanta is full.");
    }

    [Fact]
    public async Task Copy_that_the_control_plane_forgot_is_no_longer_followed()
    {
        using var client = new ScriptedControl().Answers("/v1/copies/7", ScriptedControl.Refuses(HttpStatusCode.NotFound, new Model.Problem("There is no copy 7."))).Client();

        var ended = await CopyFollower.FollowAsync(new Terminal(TextWriter.Null, TextWriter.Null, isInteractive: false, new InstantTime()), client, _copy, TestContext.Current.CancellationToken);

        ended.Problems[0].Message.ShouldBe("There is no copy 7.");
    }
}
