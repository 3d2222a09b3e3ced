using System.Text.Json;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>The pieces one by one, as a user runs them: control plane, sites, submission, listings, logs, cancellation.</summary>
[Collection(WholeFactories.Name)]
public sealed class UserTests : IAsyncDisposable
{
    private readonly FactoryRun _factory = new();

    [Fact]
    public async Task Job_is_submitted_followed_listed_and_its_logs_are_shown()
    {
        await StartAsync();
        File.WriteAllText(Path.Combine(_factory.Directory, "job.yaml"), Job(steps: 8));

        var followed = await Run("submit", "job.yaml", "--follow");
        var jobs = Json(await Run("jobs", "--json"));
        var job = Json(await Run("job", "1", "--json"));
        var logs = await Run("logs", "1", "--json");
        var sites = Json(await Run("sites", "--json"));

        followed.ExitCode.ShouldBe(0, followed.Output + followed.Error);
        followed.Output.ShouldContain("completed");
        jobs.EnumerateArray().ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("completed");
        job.GetProperty("islands")[0].GetProperty("result").GetProperty("parameters_sha256").GetString().ShouldNotBeNull().Length.ShouldBe(64);
        logs.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("island").GetString())
            .Distinct().Order().ShouldBe(["atlanta", "wisconsin"]);
        sites.EnumerateArray().Select(static site => site.GetProperty("name").GetString()).Order().ShouldBe(["atlanta", "wisconsin"]);
        (await Run("jobs")).Output.ShouldContain("completed");
        (await Run("job", "1")).Output.ShouldContain("planned");
        (await Run("sites")).Output.ShouldContain("connected");
        (await Run("cancel", "1")).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Cancelled_job_gives_its_follower_exit_code_1()
    {
        await StartAsync();
        File.WriteAllText(Path.Combine(_factory.Directory, "job.yaml"), Job(steps: 100_000));
        await using var following = RunningProgram.Start("submit", Path.Combine(_factory.Directory, "job.yaml"), "--follow", "--control", _factory.Url);
        await following.LineAsync(static line => line.StartsWith("Job 1 (small) is submitted.", StringComparison.Ordinal));
        await using var logs = RunningProgram.Start("logs", "1", "--follow", "--control", _factory.Url);
        await _factory.UntilAsync(1, static job => job.Progress > 0);

        (await Run("cancel", "1")).ExitCode.ShouldBe(0);

        (await following.EndAsync()).ShouldBe(1, following.Output);
        (await logs.EndAsync()).ShouldBe(0, logs.Output);
    }

    [Fact]
    public async Task Job_for_a_site_that_does_not_exist_is_refused_with_its_line_and_a_near_match()
    {
        await StartAsync();
        File.WriteAllText(Path.Combine(_factory.Directory, "job.yaml"), Job(steps: 8).Replace("atlanta", "atlnta", StringComparison.Ordinal));

        var ran = await Run("submit", "job.yaml");

        ran.Message.ShouldStartWith("superfactory: job.yaml:2: sites");
        ran.Message.ShouldContain("Did you mean 'atlanta'?");
        ran.ExitCode.ShouldBe(2);
        Json(await Run("jobs", "--json")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Program_that_fails_fails_its_job_with_the_reason()
    {
        await StartAsync();
        File.WriteAllText(Path.Combine(_factory.Directory, "job.yaml"), """
            name: broken
            sites: [wisconsin, atlanta]
            command: [python3, -c, "raise SystemExit('no such dataset')"]
            budget: {steps: 8}
            trainer_restarts_max: 0
            """);

        var ran = await Run("submit", "job.yaml", "--follow");

        ran.ExitCode.ShouldBe(1, ran.Output + ran.Error);
        ran.Output.ShouldContain("failed");
    }

    [Fact]
    public async Task Second_agent_of_one_name_is_refused_with_exit_code_2()
    {
        await StartAsync();

        var ran = await CommandProcess.RunAsync("site", "--name", "atlanta", "--insecure-wan", "--control", _factory.Url, "--state", Path.Combine(_factory.Directory, "other"), "--data", _factory.Data);

        ran.ExitCode.ShouldBe(2, ran.Error);
        ran.Message.ShouldContain("atlanta");
    }

    [Fact]
    public async Task Factory_that_is_up_serves_until_Ctrl_C_and_leaves_no_process()
    {
        var listen = _factory.Url["http://".Length..];
        await using var up = RunningProgram.Start("up", "--listen", listen, "--state", Path.Combine(_factory.Directory, "up"), "--wan", "none");
        await up.LineAsync(static line => line.StartsWith("Ctrl-C stops it.", StringComparison.Ordinal));

        Json(await Run("sites", "--json")).EnumerateArray().Count(static site => site.GetProperty("connected").GetBoolean()).ShouldBe(2);
        var second = await CommandProcess.RunAsync("up", "--listen", listen, "--state", Path.Combine(_factory.Directory, "second"));
        up.Signal("INT");

        second.ExitCode.ShouldBe(2);
        Directory.Exists(Path.Combine(_factory.Directory, "second", "corpora")).ShouldBeFalse();
        second.Message.ShouldContain("in use");
        (await up.EndAsync()).ShouldBe(0, up.Output);
        up.Marker.Alive().ShouldBeEmpty();
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private static JsonElement Json(Ran ran)
    {
        ran.ExitCode.ShouldBe(0, ran.Error);
        return JsonDocument.Parse(ran.Output).RootElement;
    }

    private static string Job(int steps) => $$"""
        name: small
        sites: [wisconsin, atlanta]
        trainer: {recipe: pretrain, model: {layers: 1, hidden: 32, heads: 2, context: 32}, batch: 4, validation_samples: 4}
        data: {corpus: dotnet-docs}
        sync: {mode: diloco, every: 4}
        budget: {steps: {{steps}}}
        """;

    private async Task StartAsync()
    {
        CorpusBuilder.Build(new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        await _factory.SiteAsync("atlanta");
    }

    private Task<Ran> Run(params string[] arguments) =>
        CommandProcess.RunAsync([.. arguments, "--control", _factory.Url], _factory.Directory, RunningProgram.Limit);
}
