using System.Diagnostics;
using System.Text.Json;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Tests.Lab;

/// <summary><c>superfactory lab</c> as a process.</summary>
public sealed class LabCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _name = $"cli{Environment.ProcessId}";

    [Fact]
    public async Task A_topology_with_mistakes_gets_a_line_for_each_and_exit_code_2()
    {
        var file = Write("sites: [texas, ohio]\nlinks:\n  - {between: [texas, ohoi], bandwidth: 0mbit, rtt: 14ms}\n  - {between: [ohio, ohio], bandwidth: 1gbit, rtt: 14ms}\n");

        var ran = await CommandProcess.RunAsync("lab", "up", file);

        ran.ExitCode.ShouldBe(2);
        ran.Output.ShouldBeEmpty();
        var lines = ran.Message.Split('\n');
        lines.Length.ShouldBe(3);
        lines[0].ShouldBe($"superfactory: {file}:3: links[0].between[1]: There is no site 'ohoi'. The sites are texas, ohio. Did you mean 'ohio'?");
        lines[1].ShouldStartWith($"superfactory: {file}:3: links[0].bandwidth: ");
        lines[2].ShouldStartWith($"superfactory: {file}:4: links[1].between: The link joins 'ohio' to itself.");
    }

    [Fact]
    public async Task A_file_that_is_not_there_and_a_laboratory_that_is_not_up_give_exit_code_2()
    {
        (await CommandProcess.RunAsync("lab", "up", "/no/such.yaml")).Message.ShouldBe("superfactory: /no/such.yaml: There is no such file. Ready ones are in examples/lab.");
        (await CommandProcess.RunAsync("lab", "up", Write("sites: [a]"), "--lab", "a b")).ExitCode.ShouldBe(2);
        foreach (var command in new[] { "status", "down" })
        {
            var ran = await CommandProcess.RunAsync("lab", command, "--lab", _name);
            (ran.ExitCode, ran.Message.StartsWith($"superfactory: No laboratory '{_name}' is up.", StringComparison.Ordinal)).ShouldBe((2, true), ran.Message);
        }
    }

    [Fact]
    public async Task A_laboratory_is_set_up_used_changed_shown_and_taken_down()
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        var file = Write("sites: [texas, ohio]\nlinks: [{between: [texas, ohio], bandwidth: 100mbit, rtt: 2ms}]");
        var up = await Lab("up", file);
        try
        {
            (up.ExitCode, up.Error).ShouldBe((0, string.Empty));
            up.Output.ShouldContain($"sf-{_name}-ohio");
            (await Lab("up", file)).Message.ShouldStartWith($"superfactory: Laboratory '{_name}' is up already.");

            var run = await Lab("run", "texas", "--", "sh", "-c", "ip -brief address; cat /etc/hosts; exit 7");
            (run.ExitCode, run.Error).ShouldBe((7, string.Empty));
            run.Output.ShouldContain("to-ohio");
            run.Output.ShouldContain("198.18.0.2 ohio");
            var missing = await Lab("run", "texas", "--", "no-such-program");
            (missing.ExitCode, missing.Message).ShouldBe((3, "superfactory: There is no program 'no-such-program'."));
            (await Lab("run", "txas", "--", "true")).Message.ShouldEndWith("Did you mean 'texas'?");

            (await Lab("set", "texas", "ohio", "--bandwidth", "20mbit", "--rtt", "80ms", "--loss", "0.1%", "--one-way")).ExitCode.ShouldBe(0);
            (await Lab("set", "texas", "ohio", "--one-way")).Message.ShouldStartWith("superfactory: Nothing is to be changed.");
            (await Lab("set", "texas", "ohio", "--jitter", "1s")).ExitCode.ShouldBe(2);
            (await Lab("cut", "ohio", "texas")).ExitCode.ShouldBe(0);
            var link = JsonDocument.Parse((await Lab("status", "--json")).Output).RootElement.GetProperty("links")[0];
            link.GetProperty("is_cut").GetBoolean().ShouldBeTrue();
            link.GetProperty("rtt_ms").GetDouble().ShouldBe(80);
            link.GetProperty("there").GetProperty("bandwidth_bits_per_second").GetInt64().ShouldBe(20_000_000);
            link.GetProperty("back").GetProperty("bandwidth_bits_per_second").GetInt64().ShouldBe(100_000_000);
            (await Lab("restore", "ohio", "texas")).ExitCode.ShouldBe(0);
            (await Lab("status")).Output.ShouldContain("20mbit  80ms");

            // The program that carries packets is killed: everything says so, and taking it down still leaves nothing.
            using (var fibre = Process.GetProcessById(JsonDocument.Parse((await Lab("status", "--json")).Output).RootElement.GetProperty("fibre_process").GetInt32()))
            {
                fibre.Kill();
                await fibre.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            (await Lab("status")).ExitCode.ShouldBe(3);
            var alone = await Lab("run", "texas", "--", "true");
            (alone.ExitCode, alone.Message).ShouldBe(
                (0, $"superfactory: The program that carries the packets of laboratory '{_name}' has ended, so nothing leaves a site. Take the laboratory down and set it up again."));
        }
        finally
        {
            var down = await Lab("down");
            (down.ExitCode, down.Error).ShouldBe((0, string.Empty));
        }

        Directory.Exists("/run/netns").ShouldBeTrue();
        Directory.EnumerateFiles("/run/netns", $"sf-{_name}-*").ShouldBeEmpty();
        Laboratory.Names().ShouldNotContain(_name);
    }

    public void Dispose() => _directory.Dispose();

    private Task<Ran> Lab(string command, params string[] arguments) => CommandProcess.RunAsync(["lab", command, "--lab", _name, .. arguments]);

    private string Write(string topology) => _directory.Write("topology.yaml", topology);
}
