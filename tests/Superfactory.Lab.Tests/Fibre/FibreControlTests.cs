using System.Net.Sockets;
using Superfactory.Lab.Fibre;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>Orders over a local socket, without packets.</summary>
public sealed class FibreControlTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-fibre-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private string SocketPath => Path.Combine(_directory.FullName, "orders");

    [Fact]
    public async Task Rehearsing_reads_every_part_of_an_order_and_names_no_link()
    {
        List<FibreOrder> orders = [];
        await WhileServingAsync(order =>
        {
            orders.Add(order);
            return Task.FromResult(new FibreAnswer { Problem = "There is no such link." });
        }, token => FibreControl.RehearseAsync(SocketPath, token));

        orders.Select(static order => order.Action).ShouldBe([FibreAction.Set, FibreAction.Status]);
        orders.ShouldAllBe(static order => string.IsNullOrEmpty(order.A) && string.IsNullOrEmpty(order.B));
        var change = orders[0].Change.ShouldNotBeNull();
        typeof(LinkChange).GetProperties().ShouldAllBe(part => part.GetValue(change) != null);
    }

    [Fact]
    public async Task Rehearsing_with_one_that_goes_away_without_an_answer_returns()
    {
        await WhileServingAsync(static _ => throw new IOException("gone"), token => FibreControl.RehearseAsync(SocketPath, token));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task WhileServingAsync(Func<FibreOrder, Task<FibreAnswer>> obey, Func<CancellationToken, Task> ask)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var serving = FibreControl.ServeAsync(_listener, obey, ending.Token);
        await ask(ending.Token);
        await ending.CancelAsync();
        await ((Task)serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
