using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Copies;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A copy between two sites as processes, encrypted, while parts of the factory die.</summary>
[Collection(WholeFactories.Name)]
public sealed class CopyTests : IAsyncDisposable
{
    private const int LargeBytes = 100_000_000;

    private readonly FactoryRun _factory = new();

    [Fact]
    public async Task Copy_is_whole_although_both_agents_the_control_plane_and_the_command_are_killed()
    {
        var control = await _factory.ControlAsync();
        var wisconsin = await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var (source, destination) = (Path.Combine(_factory.Directory, "from"), Path.Combine(_factory.Directory, "to"));
        Directory.CreateDirectory(Path.Combine(source, "empty"));
        var content = new byte[LargeBytes];
        new Random(5).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(source, "large"), content, TestContext.Current.CancellationToken);
        await using var command = RunningProgram.Start("copy", $"wisconsin:{source}", $"atlanta:{destination}", "--control", _factory.Url);
        var copy = await UntilAsync(static copy => copy.Progress is { BytesDone: > 0 });

        command.Signal("KILL");
        atlanta.Signal("KILL");
        await atlanta.EndAsync();
        await _factory.SiteAsync("atlanta");
        wisconsin.Signal("KILL");
        await wisconsin.EndAsync();
        control.Signal("KILL");
        await control.EndAsync();
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var again = await CommandProcess.RunAsync(["copy", $"wisconsin:{source}", $"atlanta:{destination}", "--control", _factory.Url], directory: null);

        again.ExitCode.ShouldBe(0, again.Output + again.Error);
        again.Output.ShouldContain("completed");
        copy.Id.ShouldBe(1);
        File.ReadAllBytes(Path.Combine(destination, "large")).AsSpan().SequenceEqual(content).ShouldBeTrue();
        Directory.GetFileSystemEntries(destination).Select(Path.GetFileName).Order().ShouldBe(["empty", "large"]);
        (await _factory.Client.SitesAsync(TestContext.Current.CancellationToken)).Value!.SelectMany(static site => site.Links)
            .Where(static link => link.Connected).ShouldAllBe(static link => link.Encryption == "tls1.3");
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task<CopyView> UntilAsync(Func<CopyView, bool> isIt)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(RunningProgram.Limit);
        while (true)
        {
            var copies = await _factory.Client.CopiesAsync(late.Token);
            if (copies.Value?.FirstOrDefault(isIt) is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), late.Token);
        }
    }
}
