using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A job with roles, run by real sites: two islands that train one model, and gangs beside them that are programs of their own.</summary>
[Collection(WholeFactories.Name)]
public sealed class RoleTests : IAsyncDisposable
{
    private const int Steps = 120, Batch = 8;

    // Each start of a gang says who it is in a file of its own, and then works until it is ended.
    private const string Program = """
        import os, time
        who = [os.environ[name] for name in ("SUPERFACTORY_RUN", "SUPERFACTORY_ROLE", "SUPERFACTORY_GANG", "SUPERFACTORY_GANGS", "SUPERFACTORY_ISLAND", "MARK")]
        assert "SUPERFACTORY_BRIDGE" not in os.environ and os.path.isdir(os.environ["SUPERFACTORY_OUTPUT"])
        with open(f"{who[2]}-{os.getpid()}", "w") as file:
            file.write(" ".join(who))
        while True:
            time.sleep(1)
        """;

    private readonly FactoryRun _factory = new();

    public RoleTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Gangs_of_a_role_run_beside_the_islands_give_way_and_come_back_with_them_and_end_when_the_job_does()
    {
        await File.WriteAllTextAsync(Path.Combine(_factory.Directory, "rollout.py"), Program, TestContext.Current.CancellationToken);
        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin", slots: 2), _factory.SiteAsync("atlanta", slots: 2));
        var planned = Path.Combine(_factory.Directory, "job.yaml");
        await File.WriteAllTextAsync(planned, Job, TestContext.Current.CancellationToken);
        var plan = await CommandProcess.RunAsync("plan", planned, "--control", _factory.Url);
        plan.Output.ShouldContain("rollout     1 at atlanta, 1 at wisconsin");

        var job = await _factory.SubmitAsync(Job);
        await _factory.UntilAsync(job, static view => view.Progress > 0.2);
        await SaidAsync(2);
        var first = await _factory.SubmitAsync(Other);
        (await _factory.UntilAsync(first, static view => view.EndedUnixMilliseconds is not null)).State.ShouldBe(JobState.Completed);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.Select(static island => island.Incarnation).ShouldBe([2, 2]);
        var results = ended.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToArray();
        results.Select(static result => result.ParametersSha256).Distinct().ShouldHaveSingleItem();
        results[0].Ledger.ShouldBe(new LedgerTotals(Steps * Batch * 2, Steps * Batch * 2, 0, 0));
        (await SaidAsync(4)).Distinct().Order(StringComparer.Ordinal).ShouldBe(["1 rollout 0 2 atlanta here", "1 rollout 1 2 wisconsin here"]);
        foreach (var gang in new[] { 2L, 3L })
        {
            (await _factory.UntilAsync(gang, static view => view.EndedUnixMilliseconds is not null)).State.ShouldBe(JobState.Completed);
        }

        (await CommandProcess.RunAsync("jobs", "--control", _factory.Url)).Output.ShouldContain("with-roles/rollout[1]");
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    /// <summary>What gangs have said at their starts, once so many have started.</summary>
    private async Task<string[]> SaidAsync(int starts)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var said = System.IO.Directory.GetFiles(_factory.Directory, "?-*").Select(File.ReadAllText).Where(static text => text.Length > 0).ToArray();
            if (said.Length >= starts)
            {
                said.Length.ShouldBe(starts);
                return said;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private string Job => $$"""
        name: with-roles
        sites: [wisconsin, atlanta]
        trainer: {recipe: pretrain, model: {layers: 2, hidden: 64, heads: 2, context: 64}, batch: {{Batch}}, validation_samples: 8}
        data: {corpus: dotnet-docs}
        environment: {{_factory.Environment(200)}}
        sync: {mode: diloco, every: 10}
        budget: {steps: {{Steps}}}
        directory: {{_factory.Directory}}
        roles:
          rollout:
            count: 2
            command: [python3, rollout.py]
            environment: {MARK: here}
        """;

    private static string Other => $$"""
        name: other
        sites: [atlanta]
        accelerators: 2
        priority: 10
        trainer: {recipe: pretrain, model: {layers: 2, hidden: 64, heads: 2, context: 64}, batch: {{Batch}}, validation_samples: 8}
        data: {corpus: dotnet-docs}
        sync: {mode: diloco, every: 10}
        budget: {steps: 20}
        """;
}
