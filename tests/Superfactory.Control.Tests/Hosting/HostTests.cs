using System.Net;
using System.Net.Sockets;
using Superfactory.Control.Tests.Support;

namespace Superfactory.Control.Tests.Hosting;

public sealed class HostTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Port_in_use_ends_with_2_naming_the_address_and_what_to_do()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = $"127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";

        var (code, error) = await RunAsync(address, _directory.Path);

        code.ShouldBe(2);
        error.ShouldBe($"The control plane can't listen on {address}: the port is in use. "
            + "Stop what uses it, or choose another with --listen, such as --listen 127.0.0.1:0 for any free one.\n");
    }

    [Theory]
    [InlineData("7400")]
    [InlineData("127.0.0.1:seven")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("no.such.name:7400")]
    public async Task Bad_listen_address_ends_with_2(string listen)
    {
        var (code, error) = await RunAsync(listen, _directory.Path);

        code.ShouldBe(2);
        error.ShouldBe($"--listen: '{listen}' is nowhere to listen: expected an IP address or localhost, a colon and a port from 0 to 65535. "
            + "For example --listen 127.0.0.1:7400.\n");
        Directory.GetFileSystemEntries(_directory.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task State_directory_of_a_newer_version_ends_with_2_naming_both()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, "VERSION"), "3\n", TestContext.Current.CancellationToken);

        var (code, error) = await RunAsync("127.0.0.1:0", _directory.Path);

        code.ShouldBe(2);
        error.ShouldContain($"The state directory {_directory.Path} has version 3, and this superfactory knows versions up to 1.");
        Directory.Exists(Path.Combine(_directory.Path, "control")).ShouldBeTrue();
        Directory.GetFileSystemEntries(Path.Combine(_directory.Path, "control")).ShouldBeEmpty();
    }

    [Fact]
    public async Task State_directory_that_is_a_file_ends_with_3()
    {
        var file = Path.Combine(_directory.Path, "file");
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);

        var (code, error) = await RunAsync("127.0.0.1:0", file);

        code.ShouldBe(3);
        error.ShouldContain("--state");
    }

    [Fact]
    public async Task Second_control_plane_on_a_directory_is_refused_with_3()
    {
        await using var first = await ControlPlane.StartAsync(_directory.Path);

        var (code, error) = await RunAsync("127.0.0.1:0", _directory.Path);

        code.ShouldBe(3);
        error.ShouldContain($"Another control plane (process {Environment.ProcessId} on host {Environment.MachineName}) uses the state directory {_directory.Path}.");
    }

    [Fact]
    public async Task End_does_not_wait_for_open_polls_and_streams()
    {
        var plane = await ControlPlane.StartAsync(_directory.Path);
        await plane.JoinAsync("atlanta");
        var revision = (await plane.InstructionsAsync("atlanta"))!.Revision;
        var poll = plane.InstructionsAsync("atlanta", after: revision, wait: 30_000);
        using var events = await plane.EventsAsync("/v1/events");

        (await plane.StopAsync()).ShouldBe(0);

        // Nobody moved the clock: only the end of the host can have ended the wait.
        (await poll).ShouldBeNull();
        plane.Output.ToString().ShouldStartWith("ready http://127.0.0.1:");
        await plane.DisposeAsync();
    }

    private static async Task<(int Code, string Error)> RunAsync(string listen, string directory)
    {
        using var error = new LineSignal();
        using var output = new LineSignal();
        var options = new ControlOptions { Listen = listen, StateDirectory = directory };
        var code = await ControlHost.RunAsync(options, TimeProvider.System, output, error, CancellationToken.None).WaitAsync(ControlPlane.Patience);
        output.ToString().ShouldBeEmpty();
        return (code, error.ToString());
    }
}
