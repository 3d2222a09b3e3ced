using Superfactory.Model.Fleet;

namespace Superfactory.Model.Tests.Fleet;

public sealed class QueuesFileTests
{
    [Fact]
    public void Example_is_read_and_stands_in_the_documentation()
    {
        var text = RepositoryFiles.Read("examples/queues.yaml");
        var queues = QueuesFile.Parse(text, "queues.yaml").Value!.Queues;

        queues.Select(queue => queue.Name).ShouldBe(["default", "research"]);
        queues[0].Quotas.ShouldBeEmpty();
        queues[1].Weight.ShouldBe(2);
        queues[1].Quotas.ShouldBe([new QuotaSpecification("cpu", 1)]);
        RepositoryFiles.Read("docs/fleet.md").ShouldContain(text[text.IndexOf("queues:", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Every_field_is_read()
    {
        var queue = QueuesFile.Parse("queues: {name: a, parent: b, weight: 3, quotas: [{hardware: cpu, guaranteed: 4, borrow: 0, lend: 2}]}", null).Value!.Queues.ShouldHaveSingleItem();

        (queue.Parent, queue.Weight).ShouldBe(("b", 3));
        queue.Quotas.ShouldBe([new QuotaSpecification("cpu", 4, 0, 2)]);
    }

    [Fact]
    public void Aging_is_read_and_is_none_where_the_file_does_not_say_it()
    {
        QueuesFile.Parse("aging: 600\nqueues: [{name: a}]", null).Value!.Aging.ShouldBe(600);
        QueuesFile.Parse("queues: [{name: a}]", null).Value!.Aging.ShouldBe(0);
        QueuesFile.Parse("aging: -1\nqueues: [{name: a}]", null).Problems.ShouldHaveSingleItem().Field.ShouldBe("aging");
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_its_place() =>
        QueuesFile.Parse("queues:\n  - {weight: 0}\n  - {name: a b, quotas: {guaranteed: -1, borow: 1}}\n", "q.yaml").Problems.Select(problem => $"{problem.Line}: {problem.Field}").ShouldBe(
            ["2: queues[0].name", "2: queues[0].weight", "3: queues[1].name", "3: queues[1].quotas.hardware", "3: queues[1].quotas.guaranteed", "3: queues[1].quotas.borow"], ignoreOrder: true);

    [Theory]
    [InlineData("")]
    [InlineData("queues: []")]
    [InlineData("[]")]
    [InlineData("queues: 3")]
    [InlineData("teams: [{name: a}]")]
    public void What_holds_no_queues_is_refused(string text) => QueuesFile.Parse(text, null).Succeeded.ShouldBeFalse();
}
